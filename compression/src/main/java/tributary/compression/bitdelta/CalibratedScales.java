package tributary.compression.bitdelta;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.LeastSquares;
import tributary.compression.solver.Rows;
import tributary.compression.solver.StoredScale;
import tributary.tensor.format.SignPlanes;

/**
 * The scales of least output error, {@code (D - Q) H (D - Q)^T}, for signs that stay: the normal
 * equations of each row, or of all rows together where they share a scale.
 */
final class CalibratedScales {
  /** Normal equations of the planes' scales. */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one row.
  private record Normal(double[][] matrix, double[] right) {
    static Normal zero(int planes) {
      return new Normal(new double[planes][planes], new double[planes]);
    }

    void add(Normal other) {
      for (int p = 0; p < right.length; p++) {
        right[p] += other.right[p];
        for (int q = 0; q < right.length; q++) {
          matrix[p][q] += other.matrix[p][q];
        }
      }
    }
  }

  private CalibratedScales() {}

  static SignPlanes fit(LinearProblem problem, SignPlanes planes, double damping) {
    InputStatistics inputs = problem.inputs();
    Curvature curvature =
        inputs == null
            ? Curvature.identity(problem.columns())
            : Curvature.of(inputs.gram(), problem.columns(), damping);
    Normal[] rows = new Normal[problem.rows()];
    IntStream.range(0, rows.length)
        .parallel()
        .forEach(row -> rows[row] = normal(problem, planes, curvature, row));
    int count = planes.planes().size();
    boolean perRow = planes.planes().getFirst().scales().length > 1;
    List<SignPlanes.Plane> fitted = new ArrayList<>();
    double[][] scales = perRow ? perRow(rows) : new double[][] {together(rows, count)};
    for (int p = 0; p < count; p++) {
      SignPlanes.Plane plane = planes.planes().get(p);
      float[] own = plane.scales().clone();
      for (int i = 0; i < own.length; i++) {
        if (scales[i].length > 0) {
          own[i] = perRow ? StoredScale.nearest(scales[i][p]) : (float) scales[i][p];
        }
      }
      fitted.add(new SignPlanes.Plane(plane.signs(), own));
    }
    return new SignPlanes(planes.rows(), planes.columns(), fitted);
  }

  private static double[][] perRow(Normal[] rows) {
    return Arrays.stream(rows)
        .map(row -> LeastSquares.solve(row.matrix, row.right))
        .toArray(double[][]::new);
  }

  private static double[] together(Normal[] rows, int planes) {
    Normal sum = Normal.zero(planes);
    for (Normal row : rows) {
      sum.add(row);
    }
    return LeastSquares.solve(sum.matrix, sum.right);
  }

  private static Normal normal(
      LinearProblem problem, SignPlanes planes, Curvature curvature, int row) {
    int columns = problem.columns();
    int count = planes.planes().size();
    double[] difference = new double[columns];
    double[][] signs = new double[count][columns];
    for (int c = 0; c < columns; c++) {
      int at = row * columns + c;
      difference[c] = (double) problem.tuned()[at] - problem.base()[at];
      for (int p = 0; p < count; p++) {
        signs[p][c] = planes.isPlus(p, row, c) ? 1 : -1;
      }
    }
    Normal normal = Normal.zero(count);
    for (int p = 0; p < count; p++) {
      double[] weighted = curvature.multiply(signs[p]);
      normal.right[p] = Rows.dot(difference, weighted, 0);
      for (int q = 0; q < count; q++) {
        normal.matrix[p][q] = Rows.dot(signs[q], weighted, 0);
      }
    }
    return normal;
  }
}

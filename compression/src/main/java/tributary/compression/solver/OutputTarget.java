package tributary.compression.solver;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;

/**
 * The difference that a code should come close to.
 *
 * <p>With the inputs X of the fine-tune and those Y of the model compressed so far, it is the one
 * that gives the fine-tune's outputs from Y: it minimizes {@code |Wf X - (Wb + D) Y|^2} plus the
 * curvature's damping times {@code |D - (Wf - Wb)|^2}, which gives {@code D = (Wf - Wb) + Wf (X Y^T
 * - Y Y^T) H^-1}. Where only Y is known it is the plain difference.
 */
public final class OutputTarget {
  private OutputTarget() {}

  /** The target [rows][columns]. */
  public static double[][] of(LinearProblem problem, Curvature curvature) {
    InputStatistics inputs = problem.inputs();
    double[] drift = inputs == null ? null : drift(inputs);
    double[][] target = new double[problem.rows()][];
    IntStream.range(0, problem.rows())
        .parallel()
        .forEach(row -> target[row] = row(problem, row, drift, curvature));
    return target;
  }

  /** {@code X Y^T - Y Y^T}, or null when X is not known. */
  private static double @Nullable [] drift(InputStatistics inputs) {
    double[] cross = inputs.cross();
    if (cross == null) {
      return null;
    }
    double[] drift = cross.clone();
    for (int i = 0; i < drift.length; i++) {
      drift[i] -= inputs.gram()[i];
    }
    return drift;
  }

  private static double[] row(
      LinearProblem problem,
      int row,
      double @Nullable [] drift,
      Curvature curvature) {
    int columns = problem.columns();
    int first = row * columns;
    double[] target = new double[columns];
    for (int j = 0; j < columns; j++) {
      target[j] = (double) problem.tuned()[first + j] - problem.base()[first + j];
    }
    if (drift == null) {
      return target;
    }
    double[] missed = new double[columns];
    for (int k = 0; k < columns; k++) {
      Rows.add(missed, 0, problem.tuned()[first + k], drift, k * columns, columns);
    }
    double[] correction = curvature.solve(missed);
    for (int j = 0; j < columns; j++) {
      target[j] += curvature.isDead(j) ? 0 : correction[j];
    }
    return target;
  }
}

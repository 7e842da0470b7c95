package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a difference as sign planes. Plane p holds the signs of what planes before p left; its
 * scale is the mean magnitude of that, which for given signs has the least squared error.
 */
public final class SignEncoder {
  private SignEncoder() {}

  /** Every row has scales of its own, rounded to two bytes where that is precise. */
  public static Encoded perRow(Difference difference, int planes, Arena arena) {
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      coded.add(plane(difference, new float[difference.rows()], arena));
    }
    double[] errors = new double[difference.rows()];
    double norm =
        RowBlocks.sum(
            difference,
            (row, residual) -> {
              double squares = Signs.sumOfSquares(residual);
              for (SignPlanes.Plane plane : coded) {
                float scale = Signs.storable(Signs.sumOfMagnitudes(residual) / residual.length);
                plane.scales()[row] = scale;
                Signs.pack(residual, plane.signs(), row);
                Signs.subtract(residual, scale);
              }
              errors[row] = Signs.sumOfSquares(residual);
              return squares;
            });
    return encoded(difference, coded, norm, sum(errors));
  }

  /** One scale for the whole matrix and plane, as published. */
  public static Encoded perMatrix(Difference difference, int planes, Arena arena) {
    double norm = RowBlocks.sum(difference, (row, values) -> Signs.sumOfSquares(values));
    double elements = (double) difference.rows() * difference.columns();
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      List<SignPlanes.Plane> before = List.copyOf(coded);
      double magnitudes =
          RowBlocks.sum(
              difference,
              (row, residual) -> {
                subtractAll(residual, before);
                return Signs.sumOfMagnitudes(residual);
              });
      coded.add(plane(difference, new float[] {(float) (magnitudes / elements)}, arena));
    }
    double error =
        RowBlocks.sum(
            difference,
            (row, residual) -> {
              for (SignPlanes.Plane plane : coded) {
                Signs.pack(residual, plane.signs(), row);
                Signs.subtract(residual, plane.scales()[0]);
              }
              return Signs.sumOfSquares(residual);
            });
    return encoded(difference, coded, norm, error);
  }

  private static void subtractAll(float[] residual, List<SignPlanes.Plane> planes) {
    for (SignPlanes.Plane plane : planes) {
      Signs.subtract(residual, plane.scales()[0]);
    }
  }

  static SignPlanes.Plane plane(Difference difference, float[] scales, Arena arena) {
    long bytes = SignPlanes.planeBytes(difference.rows(), difference.columns()).count();
    MemorySegment signs = arena.allocate(bytes, Long.BYTES);
    return new SignPlanes.Plane(signs, scales);
  }

  static Encoded encoded(
      Difference difference, List<SignPlanes.Plane> planes, double norm, double error) {
    return new Encoded(
        new SignPlanes(difference.rows(), difference.columns(), planes), norm, error);
  }

  static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}

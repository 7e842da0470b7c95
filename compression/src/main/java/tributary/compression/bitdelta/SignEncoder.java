package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import tributary.compression.solver.StoredScale;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a difference as sign planes, one after the other as published. Plane p holds the signs of
 * what planes before p left; its scale is the mean magnitude of that, which for given signs has the
 * least squared error.
 */
public final class SignEncoder {
  private SignEncoder() {}

  /** Every row has scales of its own, rounded to two bytes where that is precise. */
  public static Encoded perRow(Difference difference, int planes, Arena arena) {
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      coded.add(plane(difference, new float[difference.rows()], arena));
    }
    double[] sums =
        RowBlocks.sums(
            difference,
            2,
            (index, residual, totals) -> {
              totals[0] += Signs.sumOfSquares(residual);
              for (SignPlanes.Plane plane : coded) {
                float scale =
                    StoredScale.nearest(Signs.sumOfMagnitudes(residual) / residual.length);
                plane.scales()[index] = scale;
                Signs.pack(residual, plane.signs(), index);
                Signs.subtract(residual, scale);
              }
              totals[1] += Signs.sumOfSquares(residual);
            });
    return encoded(difference, coded, sums[0], sums[1]);
  }

  /** One scale for the whole matrix and plane. */
  public static Encoded perMatrix(Difference difference, int planes, Arena arena) {
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (float scale : matrixScales(difference, planes)) {
      coded.add(plane(difference, new float[] {scale}, arena));
    }
    double[] sums =
        RowBlocks.sums(
            difference,
            2,
            (index, residual, totals) -> {
              totals[0] += Signs.sumOfSquares(residual);
              for (SignPlanes.Plane plane : coded) {
                Signs.pack(residual, plane.signs(), index);
                Signs.subtract(residual, plane.scales()[0]);
              }
              totals[1] += Signs.sumOfSquares(residual);
            });
    return encoded(difference, coded, sums[0], sums[1]);
  }

  /** The scale of each plane; one look at the matrix for each. */
  static float[] matrixScales(Difference difference, int planes) {
    float[] scales = new float[planes];
    double elements = (double) difference.rows() * difference.columns();
    for (int plane = 0; plane < planes; plane++) {
      int before = plane;
      double[] magnitudes =
          RowBlocks.sums(
              difference,
              1,
              (index, residual, totals) -> {
                for (int done = 0; done < before; done++) {
                  Signs.subtract(residual, scales[done]);
                }
                totals[0] += Signs.sumOfMagnitudes(residual);
              });
      scales[plane] = (float) (magnitudes[0] / elements);
    }
    return scales;
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
}

package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import tributary.compression.solver.StoredScale;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a difference as sign planes whose scales are fitted together, from those that {@link
 * SignEncoder} gives. With one plane it gives the same. With more the sum of all planes is closer
 * to the difference, at the cost of a first plane that is a little worse alone.
 */
public final class JointSignEncoder {
  private JointSignEncoder() {}

  /** Every row has scales of its own, rounded to two bytes where that is precise. */
  public static Encoded perRow(Difference difference, int planes, Arena arena) {
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      coded.add(SignEncoder.plane(difference, new float[difference.rows()], arena));
    }
    double[] sums =
        RowBlocks.sums(
            difference,
            2,
            (index, row, totals) -> {
              float[] scales = fitRow(row, planes);
              for (int plane = 0; plane < planes; plane++) {
                coded.get(plane).scales()[index] = scales[plane];
              }
              Levels levels = new Levels(scales);
              levels.pack(row, coded, index);
              totals[0] += Signs.sumOfSquares(row);
              totals[1] += levels.squaredError(row);
            });
    return SignEncoder.encoded(difference, coded, sums[0], sums[1]);
  }

  private static float[] fitRow(float[] row, int planes) {
    float[] start = new float[planes];
    float[] residual = row.clone();
    for (int plane = 0; plane < planes; plane++) {
      start[plane] = (float) (Signs.sumOfMagnitudes(residual) / residual.length);
      Signs.subtract(residual, start[plane]);
    }
    float[] scales =
        JointFit.fit(
            start,
            levels -> {
              double[] flat = new double[JointFit.tallyLength(levels)];
              JointFit.add(row, levels, flat);
              return JointFit.Tally.of(flat);
            });
    for (int plane = 0; plane < planes; plane++) {
      scales[plane] = StoredScale.nearest(scales[plane]);
    }
    return scales;
  }

  /** One scale for the whole matrix and plane. */
  public static Encoded perMatrix(Difference difference, int planes, Arena arena) {
    float[] scales =
        JointFit.fit(
            SignEncoder.matrixScales(difference, planes),
            levels ->
                JointFit.Tally.of(
                    RowBlocks.sums(
                        difference,
                        JointFit.tallyLength(levels),
                        (index, row, totals) -> JointFit.add(row, levels, totals))));
    List<SignPlanes.Plane> coded = new ArrayList<>();
    for (float scale : scales) {
      coded.add(SignEncoder.plane(difference, new float[] {scale}, arena));
    }
    Levels levels = new Levels(scales);
    double[] sums =
        RowBlocks.sums(
            difference,
            2,
            (index, row, totals) -> {
              levels.pack(row, coded, index);
              totals[0] += Signs.sumOfSquares(row);
              totals[1] += levels.squaredError(row);
            });
    return SignEncoder.encoded(difference, coded, sums[0], sums[1]);
  }
}

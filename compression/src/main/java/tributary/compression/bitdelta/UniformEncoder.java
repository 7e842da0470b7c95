package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tributary.compression.solver.StoredScale;
import tributary.tensor.format.SignPlanes;

/**
 * Codes a difference with uniform levels, a step per row: for embeddings and heads, where tokens
 * differ widely in how far they moved. Bit p of a code, the most significant first, is the sign in
 * plane p; scales halve from plane to plane.
 */
public final class UniformEncoder {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private UniformEncoder() {}

  public static Encoded encode(Difference difference, int bits, Arena arena) {
    List<SignPlanes.Plane> planes = new ArrayList<>();
    for (int plane = 0; plane < bits; plane++) {
      planes.add(SignEncoder.plane(difference, new float[difference.rows()], arena));
    }
    UniformStep fit = new UniformStep(bits);
    double[] sums =
        RowBlocks.sums(
            difference,
            2,
            (index, row, totals) -> {
              // Half of the widest level spread belongs to plane 0: 2^(bits - 2) steps.
              float scale = StoredScale.nearest(Math.scalb(fit.fit(row), bits - 2));
              for (int plane = 0; plane < bits; plane++) {
                planes.get(plane).scales()[index] = Math.scalb(scale, -plane);
              }
              float step = Math.scalb(scale, 2 - bits);
              totals[0] += Signs.sumOfSquares(row);
              if (step > 0) {
                pack(row, step, fit, planes, index);
                totals[1] += fit.error(row, step);
              } else {
                totals[1] += Signs.sumOfSquares(row);
              }
            });
    return SignEncoder.encoded(difference, planes, sums[0], sums[1]);
  }

  private static void pack(
      float[] values, float step, UniformStep fit, List<SignPlanes.Plane> planes, int row) {
    int words = SignPlanes.wordsPerRow(values.length);
    long[] bits = new long[planes.size()];
    for (int word = 0; word < words; word++) {
      Arrays.fill(bits, 0);
      int first = word * Long.SIZE;
      for (int t = 0; t < Math.min(Long.SIZE, values.length - first); t++) {
        int code = fit.code(values[first + t], step);
        for (int plane = 0; plane < bits.length; plane++) {
          bits[plane] |= (long) (code >>> (bits.length - 1 - plane) & 1) << t;
        }
      }
      for (int plane = 0; plane < bits.length; plane++) {
        MemorySegment signs = planes.get(plane).signs();
        signs.setAtIndex(WORD, (long) row * words + word, bits[plane]);
      }
    }
  }
}

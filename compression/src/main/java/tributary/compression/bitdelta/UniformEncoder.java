package tributary.compression.bitdelta;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    double[] errors = new double[difference.rows()];
    double norm =
        RowBlocks.sum(
            difference,
            (row, values) -> {
              // Half of the widest level spread belongs to plane 0: 2^(bits - 2) steps.
              float scale = Signs.storable(Math.scalb(fit.fit(values), bits - 2));
              for (int plane = 0; plane < bits; plane++) {
                planes.get(plane).scales()[row] = Math.scalb(scale, -plane);
              }
              float step = Math.scalb(scale, 2 - bits);
              if (step > 0) {
                pack(values, step, fit, planes, row);
              }
              errors[row] = step > 0 ? fit.error(values, step) : Signs.sumOfSquares(values);
              return Signs.sumOfSquares(values);
            });
    return SignEncoder.encoded(difference, planes, norm, SignEncoder.sum(errors));
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

package tributary.compression.bitdelta;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import tributary.tensor.format.SignPlanes;

/**
 * The values that sign planes of given scales can add up to, in ascending order, and the signs that
 * make each. A value is coded by the nearest; half way between two, by the one above.
 */
final class Levels {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final float[] values;
  private final int[] signs;
  private final float[] middles;

  /**
   * Makes the levels of planes with these scales.
   *
   * @param scales one a plane
   */
  Levels(float[] scales) {
    int count = 1 << scales.length;
    int[] order =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble(code -> value(code, scales)))
            .mapToInt(Integer::intValue)
            .toArray();
    signs = order;
    values = new float[count];
    middles = new float[count - 1];
    for (int level = 0; level < count; level++) {
      values[level] = value(order[level], scales);
    }
    for (int level = 0; level < middles.length; level++) {
      middles[level] = (float) (((double) values[level] + values[level + 1]) / 2);
    }
  }

  /** The planes' sum in their order, as decoding adds them up. */
  private static float value(int code, float[] scales) {
    float sum = 0;
    for (int plane = 0; plane < scales.length; plane++) {
      sum += (code >>> plane & 1) == 1 ? scales[plane] : -scales[plane];
    }
    return sum;
  }

  int count() {
    return values.length;
  }

  float value(int level) {
    return values[level];
  }

  /** True when this level has plus in this plane. */
  boolean isPlus(int level, int plane) {
    return (signs[level] >>> plane & 1) == 1;
  }

  /** The level that codes this value. */
  int nearest(float value) {
    int low = 0;
    for (int half = values.length >>> 1; half > 0; half >>>= 1) {
      low += value >= middles[low + half - 1] ? half : 0;
    }
    return low;
  }

  double squaredError(float[] row) {
    double sum = 0;
    for (float value : row) {
      double miss = (double) value - values[nearest(value)];
      sum += miss * miss;
    }
    return sum;
  }

  /** Writes the codes of one row as {@link SignPlanes} lays them out. */
  void pack(float[] row, List<SignPlanes.Plane> planes, int index) {
    int words = SignPlanes.wordsPerRow(row.length);
    long[] bits = new long[planes.size()];
    for (int word = 0; word < words; word++) {
      Arrays.fill(bits, 0);
      int first = word * Long.SIZE;
      for (int t = 0; t < Math.min(Long.SIZE, row.length - first); t++) {
        int code = signs[nearest(row[first + t])];
        for (int plane = 0; plane < bits.length; plane++) {
          bits[plane] |= (long) (code >>> plane & 1) << t;
        }
      }
      for (int plane = 0; plane < bits.length; plane++) {
        MemorySegment target = planes.get(plane).signs();
        target.setAtIndex(WORD, (long) index * words + word, bits[plane]);
      }
    }
  }
}

package tributary.compression.spqr;

import java.util.Arrays;
import tributary.compression.solver.StoredScale;

/**
 * The statistics of neighbouring rows, quantized like weights: codes on a grid of their own, whose
 * scale and zero are stored in fp16.
 *
 * @param codes one a row
 */
@SuppressWarnings("ArrayRecordComponent") // Packed and gone.
record StatisticsRun(float scale, float zero, byte[] codes) {
  /**
   * Quantizes one number a row.
   *
   * @param counts false for a row whose number does not matter; it takes a code of the others' grid
   */
  static StatisticsRun of(float[] numbers, boolean[] counts, int bits) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < numbers.length; i++) {
      if (counts[i]) {
        low = Math.min(low, numbers[i]);
        high = Math.max(high, numbers[i]);
      }
    }
    byte[] codes = new byte[numbers.length];
    if (low > high) {
      return new StatisticsRun(0, 0, codes);
    }
    int largest = (1 << bits) - 1;
    float step = StoredScale.nearest((high - low) / largest);
    float zero = step == 0 ? Float.POSITIVE_INFINITY : StoredScale.half(-low / step);
    if (!Float.isFinite(zero)) {
      // Hardly any spread: code 1 stands for all, code 0 for none of them.
      Arrays.fill(codes, (byte) 1);
      return new StatisticsRun(StoredScale.nearest((low + high) / 2), 0, codes);
    }
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (int) Math.clamp(Math.rint(numbers[i] / (double) step + zero), 0, largest);
    }
    return new StatisticsRun(step, zero, codes);
  }

  float value(int row) {
    return scale * (codes[row] - zero);
  }
}

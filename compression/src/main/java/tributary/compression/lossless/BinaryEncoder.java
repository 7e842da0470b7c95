package tributary.compression.lossless;

import java.io.ByteArrayOutputStream;

/**
 * An arithmetic coder of single bits, each with the probability that both sides expect of it.
 *
 * <p>The code is a number in {@code [low, high]}, of which the bits settled so far are written. A
 * bit divides the interval in proportion to its probability: one takes the lower part, zero the
 * upper one. Bytes in which both ends agree are written and shifted out, so that no carry is ever
 * needed; the {@value #WINDOW_BITS} bits that are kept make the loss from a short interval nil.
 */
final class BinaryEncoder {
  static final int WINDOW_BITS = 56;
  static final long WINDOW = (1L << WINDOW_BITS) - 1;
  static final int TOP_SHIFT = WINDOW_BITS - Byte.SIZE;

  /** Probabilities are multiples of 2 to the power of minus this. */
  static final int PROBABILITY_BITS = 16;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private long low;
  private long high = WINDOW;

  /**
   * Writes a bit.
   *
   * @param probability that it is one, 1 to 65535 of 65536
   */
  void encode(boolean one, int probability) {
    long last = lastOfOne(low, high, probability);
    if (one) {
      high = last;
    } else {
      low = last + 1;
    }
    while ((low ^ high) >>> TOP_SHIFT == 0) {
      out.write((int) (high >>> TOP_SHIFT));
      low = (low << Byte.SIZE) & WINDOW;
      high = ((high << Byte.SIZE) & WINDOW) | 0xFF;
    }
  }

  /**
   * Ends the code and returns it. One byte tells the rest: past the end, a reader finds zeros, and
   * the first byte above that of {@code low} lies inside the interval.
   */
  byte[] finish() {
    out.write((int) (low >>> TOP_SHIFT) + 1);
    return out.toByteArray();
  }

  /** Where the part of a one ends: not before {@code low}, and before {@code high}. */
  static long lastOfOne(long low, long high, int probability) {
    return low + ((high - low) >>> PROBABILITY_BITS) * probability;
  }
}

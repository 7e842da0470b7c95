package tributary.compression.lossless;

import java.util.Arrays;

/**
 * Probabilities of bits in many contexts, learned from the bits themselves: in each context the
 * share of ones so far, which from {@value #MEMORY} bits on forgets slowly.
 */
final class AdaptiveBits {
  private static final int MEMORY = 255;
  private static final int SHARE_BITS = 24;
  private static final int COUNT_BITS = 8;
  private static final int RATE_BITS = 16;
  private static final int SHARE_TO_PROBABILITY = SHARE_BITS - BinaryEncoder.PROBABILITY_BITS;
  private static final int CERTAIN = (1 << BinaryEncoder.PROBABILITY_BITS) - 1;

  /** How far the share moves towards the bit that follows {@code n} others. */
  private static final int[] RATES = new int[MEMORY + 1];

  static {
    Arrays.setAll(RATES, n -> (2 << RATE_BITS) / (2 * n + 3));
  }

  /** In each context the share of ones in the high bits, and below it the number of bits seen. */
  private final int[] states;

  AdaptiveBits(int contexts) {
    states = new int[contexts];
    Arrays.fill(states, 1 << (SHARE_BITS - 1 + COUNT_BITS));
  }

  /** The probability that the next bit in this context is one, for the coder. */
  int probability(int context) {
    return Math.clamp(states[context] >>> (COUNT_BITS + SHARE_TO_PROBABILITY), 1, CERTAIN);
  }

  void learn(int context, boolean one) {
    int state = states[context];
    int count = state & MEMORY;
    int share = state >>> COUNT_BITS;
    int wanted = one ? (1 << SHARE_BITS) - 1 : 0;
    share += (int) (((long) (wanted - share) * RATES[count]) >> RATE_BITS);
    states[context] = (share << COUNT_BITS) | Math.min(count + 1, MEMORY);
  }
}

package tributary.tensor.format.tiles;

/**
 * Codes of 1, 2, 4 or 8 bits in a lane's words, 16 / bits pairs a word: the first of pair p is at
 * bit {@code bits * (p % (16 / bits))} of word {@code p / (16 / bits)}, the second 16 bits above.
 */
final class Fields {
  private static final int SECOND = 16;

  private Fields() {}

  /** The word of a pair. */
  static int word(int pair, int bits) {
    return pair / (SECOND / bits);
  }

  private static int shift(int pair, int second, int bits) {
    return bits * (pair % (SECOND / bits)) + SECOND * second;
  }

  /** A code, shifted to its place in the word. */
  static int place(int code, int pair, int second, int bits) {
    return code << shift(pair, second, bits);
  }

  /** The code at a place of the word. */
  static int take(int word, int pair, int second, int bits) {
    return word >>> shift(pair, second, bits) & ((1 << bits) - 1);
  }
}

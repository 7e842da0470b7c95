package tributary.compression.deltazip;

/**
 * The words of released DeltaZip archives. Codes of b bits lie along the inputs: the K codes of an
 * output are one little-endian stream of {@code K b / 32} words, which is a column of {@code
 * qweight} [K b / 32, N]. Zeros lie the same way along the outputs in {@code qzeros} [1, N b / 32],
 * each one less than it means.
 */
public final class ArchiveWords {
  private ArchiveWords() {}

  /**
   * {@code qweight} of codes.
   *
   * @param codes [N, K], row-major, each below {@code 2^bits}
   */
  public static int[] weights(byte[] codes, int rows, int columns, int bits) {
    int wordsPerRow = words(columns, bits);
    int[] packed = new int[wordsPerRow * rows];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        put(packed, row, rows, column * bits, codes[row * columns + column] & 0xFF);
      }
    }
    return packed;
  }

  /** The codes [N, K] of {@code qweight}. */
  public static byte[] codes(int[] weights, int rows, int columns, int bits) {
    if (weights.length != words(columns, bits) * rows) {
      throw new IllegalArgumentException(
          "archive of %d x %d codes of %d bits: found %d words, wanted %d"
              .formatted(rows, columns, bits, weights.length, words(columns, bits) * rows));
    }
    byte[] codes = new byte[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        codes[row * columns + column] = (byte) get(weights, row, rows, column * bits, bits);
      }
    }
    return codes;
  }

  /** Zeros, one for each output, as an archive stores them. */
  public static int[] zeros(int[] zeros, int bits) {
    int[] packed = new int[words(zeros.length, bits)];
    for (int row = 0; row < zeros.length; row++) {
      put(packed, 0, 1, row * bits, zeros[row] - 1 & mask(bits));
    }
    return packed;
  }

  /** The zeros of {@code rows} outputs from what an archive stores. */
  public static int[] zerosOf(int[] packed, int rows, int bits) {
    int[] zeros = new int[rows];
    for (int row = 0; row < rows; row++) {
      zeros[row] = get(packed, 0, 1, row * bits, bits) + 1;
    }
    return zeros;
  }

  private static int words(int count, int bits) {
    int all = Math.multiplyExact(count, bits);
    if (all % Integer.SIZE != 0) {
      throw new IllegalArgumentException(
          "archive of %d codes of %d bits: they must fill whole words".formatted(count, bits));
    }
    return all / Integer.SIZE;
  }

  /** Puts a code into column {@code lane} of a matrix of words with {@code lanes} columns. */
  private static void put(int[] words, int lane, int lanes, int bit, int code) {
    int at = bit / Integer.SIZE * lanes + lane;
    int shift = bit % Integer.SIZE;
    words[at] |= code << shift;
    if (shift != 0 && code >>> (Integer.SIZE - shift) != 0) {
      words[at + lanes] |= code >>> (Integer.SIZE - shift);
    }
  }

  private static int get(int[] words, int lane, int lanes, int bit, int bits) {
    int at = bit / Integer.SIZE * lanes + lane;
    int shift = bit % Integer.SIZE;
    int code = words[at] >>> shift;
    if (shift + bits > Integer.SIZE) {
      code |= words[at + lanes] << (Integer.SIZE - shift);
    }
    return code & mask(bits);
  }

  private static int mask(int bits) {
    return (1 << bits) - 1;
  }
}

package tributary.model.grammar;

/** A set of byte values, 64 to a word. */
record ByteSet(long first, long second, long third, long fourth) {
  static final ByteSet NONE = new ByteSet(0, 0, 0, 0);

  static ByteSet of(int value) {
    return range(value, value);
  }

  /** All values from {@code low} to {@code high}, both within. */
  static ByteSet range(int low, int high) {
    long[] words = new long[4];
    for (int value = low; value <= high; value++) {
      words[value >>> 6] |= 1L << value;
    }
    return new ByteSet(words[0], words[1], words[2], words[3]);
  }

  ByteSet or(ByteSet other) {
    return new ByteSet(
        first | other.first, second | other.second, third | other.third, fourth | other.fourth);
  }

  boolean has(int value) {
    long word =
        switch (value >>> 6) {
          case 0 -> first;
          case 1 -> second;
          case 2 -> third;
          default -> fourth;
        };
    return (word >>> value & 1) == 1;
  }
}

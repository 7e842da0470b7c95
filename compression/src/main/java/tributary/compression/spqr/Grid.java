package tributary.compression.spqr;

/**
 * Evenly spaced values from the least to the largest of a group: {@code scale * (code - zero)} for
 * codes 0 to {@code largest}. 0 need not be among them.
 *
 * @param scale 0 for a group of zeros, whose codes all decode to 0
 * @param zero not necessarily whole, nor a code
 */
record Grid(float scale, float zero, int largest) {
  /** Past this, a zero in fp16 would be off by more than the values are apart. */
  private static final double ZERO_MAX = 0x1p11;

  /**
   * The grid from {@code low} to {@code high}. Where they are equal, or so close that their
   * distance says nothing, it reaches to 0 as well, so that their value is on it.
   */
  static Grid between(double low, double high, int bits) {
    int largest = (1 << bits) - 1;
    double zero = -low / ((high - low) / largest);
    if (low == high || !(Math.abs(zero) <= ZERO_MAX)) {
      double from = Math.min(low, 0);
      double to = Math.max(high, 0);
      double scale = (to - from) / largest;
      return new Grid((float) scale, scale == 0 ? 0 : (float) (-from / scale), largest);
    }
    return new Grid((float) ((high - low) / largest), (float) zero, largest);
  }

  /** The nearest code; of two as near, the even one. */
  int code(double value) {
    return scale == 0 ? 0 : (int) Math.clamp(Math.rint(value / scale + zero), 0, largest);
  }

  float value(int code) {
    return scale * (code - zero);
  }

  /** What is missed of a value, squared. */
  double squaredMiss(double value) {
    double miss = value - value(code(value));
    return miss * miss;
  }
}

package tributary.compression.deltazip;

/**
 * The values that codes of b bits stand for, in steps of a scale: {@code scale * (code - zero)}.
 *
 * @param zero {@code 2^(b - 1)}, so that a code stands for 0 and there is one level more below 0
 *     than above; or {@code (2^b - 1) / 2}, levels on both sides of 0 alike and none on it
 */
record Levels(int bits, float zero) {
  /** The published levels. */
  static Levels symmetric(int bits) {
    return new Levels(bits, 1 << (bits - 1));
  }

  /** Levels without 0: for weights of which pruning says already which are 0. */
  static Levels midRise(int bits) {
    return new Levels(bits, ((1 << bits) - 1) / 2f);
  }

  int largest() {
    return (1 << bits) - 1;
  }

  /** The nearest code; of two as near, the one that half-to-even rounding takes. */
  int code(double value, float scale) {
    if (scale == 0) {
      return (int) zero;
    }
    double whole = Math.floor(zero);
    double code = Math.rint(value / scale + (zero - whole)) + whole;
    return (int) Math.clamp(code, 0, largest());
  }

  float value(int code, float scale) {
    return scale * (code - zero);
  }
}

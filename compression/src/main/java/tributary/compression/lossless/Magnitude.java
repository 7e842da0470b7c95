package tributary.compression.lossless;

/**
 * Splits a magnitude (unsigned, 32 bits) into a class, which is worth modelling, and a remainder
 * within it, which is as good as noise: classes are single numbers below 8, then a quarter of an
 * octave each.
 */
final class Magnitude {
  private static final int SINGLES = 8;
  private static final int SINGLES_BITS = 3;
  private static final int QUARTER_BITS = 2;

  private Magnitude() {}

  static int classOf(int magnitude) {
    if (Integer.compareUnsigned(magnitude, SINGLES) < 0) {
      return magnitude;
    }
    int octave = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(magnitude);
    int quarter = (magnitude >>> (octave - QUARTER_BITS)) & 3;
    return SINGLES + ((octave - SINGLES_BITS) << QUARTER_BITS) + quarter;
  }

  /** Bits of the remainder in this class; the magnitude's lowest ones. */
  static int remainderBits(int magnitudeClass) {
    return magnitudeClass < SINGLES ? 0 : octave(magnitudeClass) - QUARTER_BITS;
  }

  /** The least magnitude of the class. */
  static int least(int magnitudeClass) {
    if (magnitudeClass < SINGLES) {
      return magnitudeClass;
    }
    int leading = (1 << QUARTER_BITS) | ((magnitudeClass - SINGLES) & 3);
    return leading << remainderBits(magnitudeClass);
  }

  private static int octave(int magnitudeClass) {
    return SINGLES_BITS + ((magnitudeClass - SINGLES) >>> QUARTER_BITS);
  }
}

package tributary.compression.solver;

/** Scales as files store them. */
public final class StoredScale {
  /** The smallest number that fp16 holds to 8 bits. */
  private static final float PRECISE_MIN = 0x1p-17f;

  private StoredScale() {}

  /** The nearest scale that two bytes hold, where they hold it to 8 bits; else itself. */
  public static float nearest(double scale) {
    float rounded = half(scale);
    boolean precise = Math.abs(rounded) >= PRECISE_MIN && Float.isFinite(rounded);
    return precise ? rounded : (float) scale;
  }

  /** The nearest fp16 number, whatever its precision; infinite past the range. */
  public static float half(double value) {
    return Float.float16ToFloat(Float.floatToFloat16((float) value));
  }
}

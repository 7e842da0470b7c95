package tributary.compression.bands;

/** Scales as files store them. */
final class StoredScale {
  /** The smallest number that fp16 holds with all its bits. */
  private static final float PRECISE_MIN = 0x1p-14f;

  private StoredScale() {}

  /** The nearest scale that two bytes hold, where they hold it as precisely as any; else itself. */
  static float nearest(double scale) {
    float rounded = Float.float16ToFloat(Float.floatToFloat16((float) scale));
    boolean precise = Math.abs(rounded) >= PRECISE_MIN && Float.isFinite(rounded);
    return precise ? rounded : (float) scale;
  }
}

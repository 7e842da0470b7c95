package tributary.gpu.cuda;

/** Numbers of 16 bits with the exponent of fp32. */
final class Bf16 {
  private Bf16() {}

  /** The nearest; halfway, the even one. */
  static short round(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }
}

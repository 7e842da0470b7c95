package tributary.benchmarks.weights;

/** The upper half of an IEEE single: eight exponent bits, seven of fraction. */
public final class Bfloat16 {
  private Bfloat16() {}

  /** Rounds a finite float to the nearest bf16, ties to even. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int lowestKept = (bits >>> 16) & 1;
    return (short) ((bits + 0x7fff + lowestKept) >>> 16);
  }

  /** Widens exactly. */
  public static float toFloat(short value) {
    return Float.intBitsToFloat(value << 16);
  }
}

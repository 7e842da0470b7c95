package tributary.gpu;

import static org.assertj.core.api.Assertions.assertThat;

/** Compares a backend's result with the definition's. */
final class Agreement {
  private Agreement() {}

  /** Every value is within {@code tolerance} of {@code scale}, infinities are equal. */
  static void within(
      Tolerance tolerance, double scale, Activations found, Activations wanted, String what) {
    float[] values = Operands.valuesOf(found);
    float[] definition = Operands.valuesOf(wanted);
    for (int i = 0; i < values.length; i++) {
      boolean equal = Float.floatToIntBits(values[i]) == Float.floatToIntBits(definition[i]);
      double distance = Math.abs((double) values[i] - definition[i]);
      assertThat(equal || distance <= tolerance.share * scale)
          .withFailMessage(
              "%s: row %d column %d is %s, the definition says %s; allowed is %s",
              what,
              i / found.columns(),
              i % found.columns(),
              values[i],
              definition[i],
              tolerance.share * scale)
          .isTrue();
    }
  }

  /** Row {@code row} of {@code found} equals row {@code other} of {@code wanted} bit for bit. */
  static void sameBits(Activations found, int row, Activations wanted, int other, String what) {
    float[] a = new float[found.columns()];
    float[] b = new float[wanted.columns()];
    found.readRow(row, a);
    wanted.readRow(other, b);
    for (int i = 0; i < a.length; i++) {
      assertThat(Float.floatToRawIntBits(a[i]))
          .withFailMessage("%s: row %d column %d is %s here and %s there", what, row, i, a[i], b[i])
          .isEqualTo(Float.floatToRawIntBits(b[i]));
    }
  }
}

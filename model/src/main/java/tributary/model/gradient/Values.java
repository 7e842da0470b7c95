package tributary.model.gradient;

import tributary.tensor.TensorView;

/** The values of one parameter in fp32, row-major. */
sealed interface Values {
  int length();

  /** All of them; not to be changed or kept longer than for one product. */
  float[] all();

  /** Fills {@code out} with those from {@code first} on. */
  void read(int first, float[] out);

  /** Values in an array, which may be changed between passes. */
  @SuppressWarnings("ArrayRecordComponent") // Shared with whoever made it; never compared.
  record Held(float[] values) implements Values {
    @Override
    public int length() {
      return values.length;
    }

    @Override
    public float[] all() {
      return values;
    }

    @Override
    public void read(int first, float[] out) {
      System.arraycopy(values, first, out, 0, out.length);
    }
  }

  /** A tensor that is widened whenever it is needed, which is little beside a product with it. */
  record Lying(TensorView tensor) implements Values {
    @Override
    public int length() {
      return Math.toIntExact(tensor.shape().elements());
    }

    @Override
    public float[] all() {
      return tensor.toFloats();
    }

    @Override
    public void read(int first, float[] out) {
      tensor.readFloats(first, out, 0, out.length);
    }
  }
}

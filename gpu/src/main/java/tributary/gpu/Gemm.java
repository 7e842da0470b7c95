package tributary.gpu;

/**
 * Products of dense fp32 matrices in host memory, for calibration and gradients. All are row-major,
 * begin at the first element of their array, and are added to what {@code out} holds; sums are
 * accumulated in fp32 or better. {@code out} is neither {@code a} nor {@code b}.
 *
 * <p>Elements of a result do not depend on each other's sums nor on the number of threads, bit for
 * bit. Called from one thread at a time, as all kernels.
 */
public interface Gemm {
  /** {@code out[m, n] += a[m, k] b[n, k]^T}: a linear layer. */
  void addTransposed(float[] out, float[] a, float[] b, Extent extent);

  /** {@code out[m, n] += a[m, k] b[k, n]}: the gradient of a linear layer's input. */
  void add(float[] out, float[] a, float[] b, Extent extent);

  /** {@code out[m, n] += a[k, m]^T b[k, n]}: a Gram matrix, the gradient of a layer's weight. */
  void addGram(float[] out, float[] a, float[] b, Extent extent);

  /**
   * {@code out[columns, columns] += a[rows, columns]^T a} on and above the diagonal, below which it
   * is left open.
   */
  default void addUpperGram(float[] out, float[] a, int columns, int rows) {
    addGram(out, a, a, new Extent(columns, columns, rows));
  }

  /** Sizes of the result, and the length of the sums. Arrays may be longer than these ask for. */
  record Extent(int m, int n, int k) {
    public Extent {
      if (m < 0 || n < 0 || k < 0) {
        throw new IllegalArgumentException(
            "matrix product of m=%d n=%d k=%d: sizes are not negative".formatted(m, n, k));
      }
    }
  }
}

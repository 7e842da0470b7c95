package tributary.gpu;

/**
 * Products of dense fp32 matrices in host memory, for calibration and gradients. All are row-major
 * and are added to what {@code out} holds; sums are accumulated in fp32 or better.
 */
public interface Gemm {
  /** {@code out[m, n] += a[m, k] b[n, k]^T}: a linear layer. */
  void addTransposed(float[] out, float[] a, float[] b, Extent extent);

  /** {@code out[m, n] += a[m, k] b[k, n]}: the gradient of a linear layer's input. */
  void add(float[] out, float[] a, float[] b, Extent extent);

  /** {@code out[m, n] += a[k, m]^T b[k, n]}: a Gram matrix, the gradient of a layer's weight. */
  void addGram(float[] out, float[] a, float[] b, Extent extent);

  /** Sizes of the result, and the length of the sums. */
  record Extent(int m, int n, int k) {}
}

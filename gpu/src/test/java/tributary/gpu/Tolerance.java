package tributary.gpu;

/**
 * How far a backend may be from the definition: a share of the largest value that the result could
 * have had. One table for all kernels; a test that fails is not mended here.
 */
enum Tolerance {
  /** Sums of up to some thousand products, in fp32. */
  LINEAR(3e-7),
  /** One sum of up to some thousand products and a softmax. */
  ATTENTION(2e-6),
  /** A sum of squares, a root and two products. */
  RMS_NORM(1e-6),
  /** Two products and a sum. */
  ROPE(3e-7),
  /** An exponential, a quotient and a product. */
  SILU(1e-6),
  /** Two sums over a row, a root and two products. */
  LAYER_NORM(2e-6),
  /** An exponential or two, a polynomial and a quotient. */
  ACTIVATION(1e-6),
  /** A few additions. */
  GATHER(3e-7);

  final double share;

  Tolerance(double share) {
    this.share = share;
  }
}

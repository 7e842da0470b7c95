package tributary.compression.solver;

/** Small normal equations, by Cholesky's method. */
public final class LeastSquares {
  /** Share of an unknown's own weight below which it says nothing that those before did not. */
  private static final double INDEPENDENCE_MIN = 1e-9;

  private LeastSquares() {}

  /**
   * The x of {@code matrix x = right}, or nothing where the matrix does not determine it.
   *
   * @param matrix symmetric; overwritten
   * @param right overwritten
   */
  public static double[] solve(double[][] matrix, double[] right) {
    int n = right.length;
    for (int p = 0; p < n; p++) {
      for (int q = 0; q <= p; q++) {
        double rest = matrix[p][q];
        for (int k = 0; k < q; k++) {
          rest -= matrix[p][k] * matrix[q][k];
        }
        if (q < p) {
          matrix[p][q] = rest / matrix[q][q];
        } else if (!(rest > INDEPENDENCE_MIN * matrix[p][p])) {
          return new double[0];
        } else {
          matrix[p][p] = Math.sqrt(rest);
        }
      }
    }
    for (int p = 0; p < n; p++) {
      for (int k = 0; k < p; k++) {
        right[p] -= matrix[p][k] * right[k];
      }
      right[p] /= matrix[p][p];
    }
    for (int p = n - 1; p >= 0; p--) {
      for (int k = p + 1; k < n; k++) {
        right[p] -= matrix[k][p] * right[k];
      }
      right[p] /= matrix[p][p];
    }
    return right;
  }
}

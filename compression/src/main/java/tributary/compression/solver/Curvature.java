package tributary.compression.solver;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;

/**
 * How much an error in each input column of a linear layer costs, and how later columns can make up
 * for it: {@code H = gram + damping * mean(diag) * I} and the upper triangular U with {@code
 * inverse(H) = U^T U}. {@code U[j][j]^2} is the (j, j) entry of the inverse of H restricted to
 * columns {@code j ..}; row j of U over {@code U[j][j]} is how those columns compensate.
 *
 * <p>A column that never had input is dead: its diagonal entry becomes 1, so that it concerns
 * nobody. Where H is not positive definite in fp64, damping is raised tenfold until it is; see
 * {@link #damping()}.
 */
@SuppressWarnings("ArrayRecordComponent") // As large as the layer; never compared.
public final class Curvature {
  /** Damping past this says that the statistics are of no use. */
  private static final double DAMPING_MAX = 1;

  private static final double DAMPING_LEAST = 1e-8;

  /** Columns of an inverse that are computed together. */
  private static final int INVERSE_COLUMNS = 64;

  private final int columns;
  private final double[] hessian;
  private final double[] factor;
  private final boolean[] dead;
  private final double damping;

  private Curvature(
      int columns, double[] hessian, double[] factor, boolean[] dead, double damping) {
    this.columns = columns;
    this.hessian = hessian;
    this.factor = factor;
    this.dead = dead;
    this.damping = damping;
  }

  /** The identity: every error costs the same and nothing can make up for it. */
  public static Curvature identity(int columns) {
    double[] identity = new double[columns * columns];
    for (int j = 0; j < columns; j++) {
      identity[j * columns + j] = 1;
    }
    return new Curvature(columns, identity, identity.clone(), new boolean[columns], 0);
  }

  /**
   * Of a symmetric, positive semidefinite [columns, columns] matrix.
   *
   * @param gram row-major; not changed
   * @param damping share of the mean diagonal entry that is added to the diagonal
   * @throws IllegalArgumentException if an entry is not finite, or no damping up to 1 helps
   */
  public static Curvature of(double[] gram, int columns, double damping) {
    boolean[] dead = new boolean[columns];
    double[] undamped = gram.clone();
    double mean = 0;
    for (int j = 0; j < columns; j++) {
      dead[j] = undamped[j * columns + j] == 0;
      if (dead[j]) {
        undamped[j * columns + j] = 1;
      }
      mean += undamped[j * columns + j] / columns;
    }
    if (!Double.isFinite(mean)) {
      throw new IllegalArgumentException("statistics of a layer's inputs are not finite");
    }
    double[] hessian = new double[undamped.length];
    for (double share = damping;
        share <= DAMPING_MAX;
        share = Math.max(10 * share, DAMPING_LEAST)) {
      System.arraycopy(undamped, 0, hessian, 0, hessian.length);
      for (int j = 0; j < columns; j++) {
        hessian[j * columns + j] += share * mean;
      }
      double[] factor = factor(hessian, columns);
      if (factor.length > 0) {
        return new Curvature(columns, hessian, factor, dead, share);
      }
    }
    throw new IllegalArgumentException(
        "statistics of a layer's inputs are not positive definite, even with damping 1");
  }

  /**
   * U, or nothing if H is not positive definite. With columns in reverse order H is {@code L L^T};
   * turned back, H is {@code R R^T} with R upper triangular, and U is R's inverse.
   */
  private static double[] factor(double[] hessian, int columns) {
    DMatrixRMaj reversed = new DMatrixRMaj(columns, columns);
    int last = hessian.length - 1;
    for (int i = 0; i <= last; i++) {
      reversed.data[last - i] = hessian[i];
    }
    CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(columns, true);
    if (!cholesky.decompose(reversed)) {
      return new double[0];
    }
    double[] lower = cholesky.getT(null).data;
    double[] upper = new double[hessian.length];
    for (int i = 0; i <= last; i++) {
      upper[last - i] = lower[i];
    }
    double[] factor = invertedUpper(upper, columns);
    for (double value : factor) {
      if (!Double.isFinite(value)) {
        return new double[0];
      }
    }
    return factor;
  }

  /** The inverse of an upper triangular matrix, blocks of its columns side by side. */
  private static double[] invertedUpper(double[] r, int n) {
    double[] inverse = new double[r.length];
    IntStream.range(0, Math.ceilDiv(n, INVERSE_COLUMNS))
        .parallel()
        .forEach(block -> {
          int first = block * INVERSE_COLUMNS;
          invertUpper(r, n, inverse, first, Math.min(n, first + INVERSE_COLUMNS));
        });
    return inverse;
  }

  /** Columns [first, end) of the inverse, rows from the last to the first. */
  private static void invertUpper(double[] r, int n, double[] inverse, int first, int end) {
    double[] row = new double[n];
    for (int i = end - 1; i >= 0; i--) {
      double diagonal = r[i * n + i];
      Arrays.fill(row, first, end, 0);
      for (int k = i + 1; k < end; k++) {
        double left = r[i * n + k];
        int from = k * n;
        for (int j = Math.max(k, first); j < end; j++) {
          row[j] += left * inverse[from + j];
        }
      }
      for (int j = Math.max(i + 1, first); j < end; j++) {
        inverse[i * n + j] = -row[j] / diagonal;
      }
      if (i >= first) {
        inverse[i * n + i] = 1 / diagonal;
      }
    }
  }

  /** The same for columns taken in another order: stored position p is column {@code order[p]}. */
  public Curvature permuted(int[] order) {
    double[] permuted = new double[hessian.length];
    boolean[] permutedDead = new boolean[columns];
    for (int p = 0; p < columns; p++) {
      permutedDead[p] = dead[order[p]];
      for (int q = 0; q < columns; q++) {
        permuted[p * columns + q] = hessian[order[p] * columns + order[q]];
      }
    }
    double[] permutedFactor = factor(permuted, columns);
    if (permutedFactor.length == 0) {
      throw new AssertionError("positive definite in one order of columns and not in another");
    }
    return new Curvature(columns, permuted, permutedFactor, permutedDead, damping);
  }

  /** {@code H x} for a column x, or {@code x H} for a row. */
  public double[] multiply(double[] x) {
    double[] out = new double[columns];
    for (int i = 0; i < columns; i++) {
      if (x[i] != 0) {
        Rows.add(out, 0, x[i], hessian, i * columns, columns);
      }
    }
    return out;
  }

  public int columns() {
    return columns;
  }

  /** H [columns, columns], damped. Not to be changed. */
  public double[] hessian() {
    return hessian;
  }

  /** U [columns, columns], row-major, zero below the diagonal. Not to be changed. */
  public double[] factor() {
    return factor;
  }

  /** True for a column that never had input. */
  public boolean isDead(int column) {
    return dead[column];
  }

  /** The damping that was needed. */
  public double damping() {
    return damping;
  }
}

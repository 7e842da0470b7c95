package tributary.compression.bitdelta;

import java.util.Arrays;
import java.util.Optional;

/**
 * Fits the scales of all planes together. In turn every value takes its nearest level, and the
 * scales take the least squares for those codes; neither step can raise the error, so that the
 * result is never worse than where it started.
 */
final class JointFit {
  private static final int ROUNDS_MAX = 20;

  /** A round that lowers the error by a smaller share than this is the last. */
  private static final double GAIN_MIN = 1e-4;

  /** Share of a plane's own weight below which it says nothing that the planes before did not. */
  private static final double INDEPENDENCE_MIN = 1e-9;

  /**
   * For each level the number and the sum of the values that take it, and the error of them all.
   */
  @SuppressWarnings("ArrayRecordComponent") // Lives for one round and is never compared.
  record Tally(double[] counts, double[] sums, double squaredError) {
    static Tally of(double[] flat) {
      int levels = flat.length / 2;
      return new Tally(
          Arrays.copyOf(flat, levels),
          Arrays.copyOfRange(flat, levels, 2 * levels),
          flat[2 * levels]);
    }
  }

  /** One look at all values. */
  interface Pass {
    Tally tally(Levels levels);
  }

  private JointFit() {}

  /** Numbers that a {@link Tally} of these levels takes. */
  static int tallyLength(Levels levels) {
    return 2 * levels.count() + 1;
  }

  /** Adds one row to a flat tally: counts, sums, squared error. */
  static void add(float[] row, Levels levels, double[] flat) {
    for (float value : row) {
      int level = levels.nearest(value);
      double miss = (double) value - levels.value(level);
      flat[level]++;
      flat[levels.count() + level] += value;
      flat[2 * levels.count()] += miss * miss;
    }
  }

  static float[] fit(float[] start, Pass pass) {
    float[] best = start;
    Levels levels = new Levels(best);
    Tally tally = pass.tally(levels);
    for (int round = 0; round < ROUNDS_MAX; round++) {
      Optional<float[]> next = leastSquares(levels, tally, best.length);
      if (next.isEmpty()) {
        return best;
      }
      Levels nextLevels = new Levels(next.get());
      Tally nextTally = pass.tally(nextLevels);
      double gain = tally.squaredError - nextTally.squaredError;
      if (gain <= 0) {
        return best;
      }
      best = next.get();
      if (gain < GAIN_MIN * tally.squaredError) {
        return best;
      }
      levels = nextLevels;
      tally = nextTally;
    }
    return best;
  }

  /**
   * The scales of least squared error when every value keeps its code: the normal equations, by
   * Cholesky's method. Empty when the codes in use do not determine them.
   */
  private static Optional<float[]> leastSquares(Levels levels, Tally tally, int planes) {
    double[][] matrix = new double[planes][planes];
    double[] right = new double[planes];
    for (int level = 0; level < levels.count(); level++) {
      for (int p = 0; p < planes; p++) {
        int sign = levels.isPlus(level, p) ? 1 : -1;
        right[p] += sign * tally.sums[level];
        for (int q = 0; q <= p; q++) {
          int other = levels.isPlus(level, q) ? 1 : -1;
          matrix[p][q] += sign * other * tally.counts[level];
        }
      }
    }
    if (!factor(matrix)) {
      return Optional.empty();
    }
    return Optional.of(solve(matrix, right));
  }

  /** Replaces the lower triangle by Cholesky's factor; false when the matrix is singular. */
  private static boolean factor(double[][] matrix) {
    for (int p = 0; p < matrix.length; p++) {
      for (int q = 0; q <= p; q++) {
        double rest = matrix[p][q];
        for (int k = 0; k < q; k++) {
          rest -= matrix[p][k] * matrix[q][k];
        }
        if (q < p) {
          matrix[p][q] = rest / matrix[q][q];
        } else if (rest <= INDEPENDENCE_MIN * matrix[p][p]) {
          return false;
        } else {
          matrix[p][p] = Math.sqrt(rest);
        }
      }
    }
    return true;
  }

  /** A negative scale is its positive one with every sign of the plane turned: the same levels. */
  private static float[] solve(double[][] factor, double[] right) {
    int planes = right.length;
    for (int p = 0; p < planes; p++) {
      for (int k = 0; k < p; k++) {
        right[p] -= factor[p][k] * right[k];
      }
      right[p] /= factor[p][p];
    }
    float[] scales = new float[planes];
    for (int p = planes - 1; p >= 0; p--) {
      for (int k = p + 1; k < planes; k++) {
        right[p] -= factor[k][p] * right[k];
      }
      right[p] /= factor[p][p];
      scales[p] = (float) Math.abs(right[p]);
    }
    return scales;
  }
}

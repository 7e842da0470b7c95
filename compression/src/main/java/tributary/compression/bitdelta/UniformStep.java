package tributary.compression.bitdelta;

/**
 * Fits the step of a uniform code without a zero level: b bits name the levels {@code step * (c -
 * (2^b - 1) / 2)} for c in [0, 2^b).
 *
 * <p>The squared error is not convex in the step. A search over shares of the step that just
 * reaches the largest magnitude finds the valley; from there codes and step are fitted to each
 * other in turn, which never raises the error.
 */
final class UniformStep {
  /** The search tries k / SHARES of the largest useful step, for k from SHARE_MIN on. */
  private static final int SHARES = 24;

  private static final int SHARE_MIN = 3;

  private static final int REFINEMENTS_MAX = 8;

  private final int bits;
  private final int codeMax;
  private final float middle;

  UniformStep(int bits) {
    this.bits = bits;
    this.codeMax = (1 << bits) - 1;
    this.middle = codeMax / 2f;
  }

  /** The code of one value; zero, like every value above, goes to the level above. */
  int code(float value, float step) {
    int code = (int) Math.floor(value / step + (1 << (bits - 1)));
    return Math.clamp(code, 0, codeMax);
  }

  float level(int code, float step) {
    return (code - middle) * step;
  }

  /** A step of nearly least squared error; 0 for a row of zeros. */
  double fit(float[] row) {
    if (bits == 1) {
      return 2 * Signs.sumOfMagnitudes(row) / row.length;
    }
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    float widest = largest / middle;
    if (widest < Float.MIN_NORMAL) {
      return 0;
    }
    float best = widest;
    double leastError = Double.POSITIVE_INFINITY;
    for (int share = SHARE_MIN; share <= SHARES; share++) {
      float step = widest * share / SHARES;
      double error = error(row, step);
      if (error < leastError) {
        leastError = error;
        best = step;
      }
    }
    return refine(row, best, leastError);
  }

  private float refine(float[] row, float step, double leastError) {
    float best = step;
    double least = leastError;
    for (int round = 0; round < REFINEMENTS_MAX; round++) {
      float next = leastSquares(row, best);
      double error = error(row, next);
      if (error >= least) {
        return best;
      }
      best = next;
      least = error;
    }
    return best;
  }

  /** The best step for the codes that {@code step} gives. */
  private float leastSquares(float[] row, float step) {
    double product = 0;
    double squares = 0;
    for (float value : row) {
      float unit = code(value, step) - middle;
      product += (double) unit * value;
      squares += (double) unit * unit;
    }
    return (float) (product / squares);
  }

  double error(float[] row, float step) {
    double sum = 0;
    for (float value : row) {
      float miss = value - level(code(value, step), step);
      sum += (double) miss * miss;
    }
    return sum;
  }
}

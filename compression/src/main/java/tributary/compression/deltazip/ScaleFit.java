package tributary.compression.deltazip;

/** Chooses the scale of a run of weights before they are coded. */
final class ScaleFit {
  /** Shares of the scale at which nothing is clipped that a fit chooses from. */
  private static final double[] SHARES = {
    1, 0.85, 0.7, 0.6, 0.5, 0.42, 0.35, 0.28, 0.22, 0.16, 0.1
  };

  private static final int REFINEMENTS = 3;

  private ScaleFit() {}

  /**
   * The published rule: from the largest magnitude A, {@code 2 A / (2^b - 1)}, or half of that
   * where no weight is negative. It looks at weights that will be pruned, too.
   */
  static double absMax(double[] weights, Levels levels) {
    double largest = 0;
    boolean negative = false;
    for (double weight : weights) {
      largest = Math.max(largest, Math.abs(weight));
      negative |= weight < 0;
    }
    return (negative ? 2 : 1) * largest / levels.largest();
  }

  /**
   * The scale of least cost among some, refined by least squares for the codes that it gives.
   *
   * @param costs what a squared error in each weight costs; 0 for one that will be pruned
   */
  static double leastCost(double[] weights, double[] costs, Levels levels) {
    double widest = 0;
    for (int i = 0; i < weights.length; i++) {
      widest = costs[i] > 0 ? Math.max(widest, Math.abs(weights[i])) : widest;
    }
    widest /= levels.largest() - levels.zero();
    double best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (double share : SHARES) {
      double cost = cost(weights, costs, levels, (float) (share * widest));
      if (cost < least) {
        least = cost;
        best = share * widest;
      }
    }
    return refined(weights, costs, levels, best);
  }

  private static double cost(double[] weights, double[] costs, Levels levels, float scale) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      if (costs[i] > 0) {
        double miss = weights[i] - levels.value(levels.code(weights[i], scale), scale);
        sum += costs[i] * miss * miss;
      }
    }
    return sum;
  }

  private static double refined(double[] weights, double[] costs, Levels levels, double start) {
    double scale = start;
    for (int round = 0; round < REFINEMENTS; round++) {
      double product = 0;
      double square = 0;
      for (int i = 0; i < weights.length; i++) {
        double steps = levels.code(weights[i], (float) scale) - levels.zero();
        product += costs[i] * weights[i] * steps;
        square += costs[i] * steps * steps;
      }
      if (product <= 0) {
        return scale;
      }
      scale = product / square;
    }
    return scale;
  }
}

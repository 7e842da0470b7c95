package tributary.compression.spqr;

import java.util.Arrays;

/**
 * Which weights of a group are better left out of it: each is left out in turn, and the cost of the
 * whole group is compared with that of the others on the grid that fits them.
 */
final class LikelyOutliers {
  private LikelyOutliers() {}

  /**
   * How much leaving out each weight saves.
   *
   * @param group at least two weights
   * @param costs of a squared error in each
   */
  static double[] benefits(double[] group, double[] costs, int bits) {
    double[] sorted = group.clone();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    Grid whole = Grid.between(sorted[0], sorted[last], bits);
    double base = cost(group, costs, whole);
    double[] benefits = new double[group.length];
    for (int i = 0; i < group.length; i++) {
      double low = group[i] == sorted[0] ? sorted[1] : sorted[0];
      double high = group[i] == sorted[last] ? sorted[last - 1] : sorted[last];
      boolean same = low == sorted[0] && high == sorted[last];
      Grid others = same ? whole : Grid.between(low, high, bits);
      benefits[i] =
          same ? costs[i] * whole.squaredMiss(group[i]) : base - cost(group, costs, others, i);
    }
    return benefits;
  }

  /** What a group costs on a grid. */
  static double cost(double[] group, double[] costs, Grid grid) {
    return cost(group, costs, grid, -1);
  }

  private static double cost(double[] group, double[] costs, Grid grid, int without) {
    double sum = 0;
    for (int i = 0; i < group.length; i++) {
      sum += i == without ? 0 : costs[i] * grid.squaredMiss(group[i]);
    }
    return sum;
  }

  /** True for each weight that leaving out would save more than {@code threshold}. */
  static boolean[] likely(double[] group, double[] costs, int bits, double threshold) {
    boolean[] likely = new boolean[group.length];
    if (threshold < Double.POSITIVE_INFINITY && group.length > 1) {
      double[] benefits = benefits(group, costs, bits);
      for (int i = 0; i < group.length; i++) {
        likely[i] = benefits[i] > threshold;
      }
    }
    return likely;
  }

  /** The grid of the weights that are not likely outliers; of all if every one is. */
  static Grid gridOfOthers(double[] group, double[] costs, int bits, double threshold) {
    boolean[] likely = likely(group, costs, bits, threshold);
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < group.length; i++) {
      if (!likely[i]) {
        low = Math.min(low, group[i]);
        high = Math.max(high, group[i]);
      }
    }
    if (low > high) {
      double[] sorted = group.clone();
      Arrays.sort(sorted);
      return Grid.between(sorted[0], sorted[sorted.length - 1], bits);
    }
    return Grid.between(low, high, bits);
  }
}

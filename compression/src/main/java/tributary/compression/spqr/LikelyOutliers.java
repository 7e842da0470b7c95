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
    double base = cost(group, costs, whole, -1);
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

  private static double cost(double[] group, double[] costs, Grid grid, int without) {
    double sum = 0;
    for (int i = 0; i < group.length; i++) {
      sum += i == without ? 0 : costs[i] * grid.squaredMiss(group[i]);
    }
    return sum;
  }

  /** The grid of the weights that leaving out would save no more than {@code threshold}. */
  static Grid gridOfOthers(double[] group, double[] costs, int bits, double threshold) {
    double[] benefits =
        threshold < Double.POSITIVE_INFINITY && group.length > 1
            ? benefits(group, costs, bits)
            : new double[group.length];
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < group.length; i++) {
      if (!(benefits[i] > threshold)) {
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

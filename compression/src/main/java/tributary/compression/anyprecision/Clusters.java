package tributary.compression.anyprecision;

import java.util.Arrays;

/**
 * Best clusterings of a row, exact: the least weighted squared error of all there are. A clustering
 * is a list of borders: cluster c is the values [borders[c], borders[c + 1]).
 */
final class Clusters {
  private Clusters() {}

  /**
   * The best clustering into {@code count} clusters. Where there are fewer values, each is a
   * cluster of its own and the last clusters are empty.
   *
   * <p>Dynamic programming over the number of clusters. With sorted values the last border of the
   * best clustering of a prefix moves up with the prefix, so that each step halves what is to be
   * searched: {@code count * n log n} in all.
   */
  static int[] best(RowValues values, int count) {
    int[] borders = new int[count + 1];
    int n = values.count();
    if (n <= count) {
      Arrays.setAll(borders, cluster -> Math.min(cluster, n));
      return borders;
    }
    int[][] lastBorder = new int[count][n + 1];
    double[] gains = new double[n + 1];
    for (int end = 1; end <= n; end++) {
      gains[end] = values.gain(0, end);
    }
    for (int cluster = 1; cluster < count; cluster++) {
      var step = new Step(values, gains, lastBorder[cluster]);
      step.search(cluster + 1, n, cluster, n - 1);
      gains = step.gains;
    }
    borders[count] = n;
    for (int cluster = count - 1; cluster > 0; cluster--) {
      borders[cluster] = lastBorder[cluster][borders[cluster + 1]];
    }
    return borders;
  }

  /** One more cluster after the best clusterings of all prefixes. */
  private static final class Step {
    private final RowValues values;
    private final double[] before;
    private final double[] gains;
    private final int[] lastBorder;

    Step(RowValues values, double[] before, int[] lastBorder) {
      this.values = values;
      this.before = before;
      this.gains = new double[before.length];
      this.lastBorder = lastBorder;
    }

    /** Finds the last border, within [least, most], of each prefix that ends in [first, last]. */
    void search(int first, int last, int least, int most) {
      if (first > last) {
        return;
      }
      int end = (first + last) >>> 1;
      int best = least;
      double bestGain = Double.NEGATIVE_INFINITY;
      for (int border = least; border <= Math.min(most, end - 1); border++) {
        double gain = before[border] + values.gain(border, end);
        if (gain > bestGain) {
          bestGain = gain;
          best = border;
        }
      }
      gains[end] = bestGain;
      lastBorder[end] = best;
      search(first, end - 1, least, best);
      search(end + 1, last, best, most);
    }
  }

  /** Halves every cluster: the best cut of all, and nothing to the right of a single value. */
  static int[] split(RowValues values, int[] borders) {
    int count = borders.length - 1;
    int[] halves = new int[2 * count + 1];
    for (int cluster = 0; cluster < count; cluster++) {
      halves[2 * cluster] = borders[cluster];
      halves[2 * cluster + 1] = bestCut(values, borders[cluster], borders[cluster + 1]);
    }
    halves[2 * count] = borders[count];
    return halves;
  }

  private static int bestCut(RowValues values, int from, int end) {
    int best = end;
    double bestGain = Double.NEGATIVE_INFINITY;
    for (int cut = from + 1; cut < end; cut++) {
      double gain = values.gain(from, cut) + values.gain(cut, end);
      if (gain > bestGain) {
        bestGain = gain;
        best = cut;
      }
    }
    return best;
  }

  /** Joins each two neighbours. */
  static int[] join(int[] borders) {
    int[] pairs = new int[(borders.length - 1) / 2 + 1];
    Arrays.setAll(pairs, pair -> borders[2 * pair]);
    return pairs;
  }
}

package tributary.compression.anyprecision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clusterings against a search of all there are, and against the published heuristic. */
final class ClustersTest {
  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void no_clustering_of_a_small_row_is_better(long seed) {
    RowValues values = values(seed, 4 + (int) (seed % 9));
    for (int count : new int[] {1, 2, 3, 4}) {
      double found = error(values, Clusters.best(values, count));
      double least = leastError(values, 0, Math.min(count, values.count()));
      assertThat(found).isCloseTo(least, within(1e-9 * (1 + least)));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_best_two_are_the_split_of_one(long seed) {
    RowValues values = values(seed, 200);
    int[] whole = {0, values.count()};
    assertThat(error(values, Clusters.split(values, whole)))
        .isCloseTo(error(values, Clusters.best(values, 2)), within(1e-9));
  }

  /**
   * A5: the published split searches the fixed point of Lloyd's rule, which need not be the best.
   */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_split_is_never_worse_than_lloyds(long seed) {
    RowValues values = values(seed, 300);
    double exact = error(values, Clusters.split(values, new int[] {0, values.count()}));
    for (int start = 1; start < values.count(); start += 7) {
      double lloyd = error(values, new int[] {0, lloydCut(values, start), values.count()});
      assertThat(exact).isLessThanOrEqualTo(lloyd + 1e-9 * lloyd);
    }
  }

  @Test
  void lloyds_rule_stops_at_worse_splits_so_that_the_comparison_means_something() {
    RowValues values = RowValues.of(new float[] {0, 4, 10}, null);
    double exact = error(values, Clusters.split(values, new int[] {0, 3}));
    assertThat(error(values, new int[] {0, lloydCut(values, 1), 3})).isGreaterThan(2 * exact);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void joining_undoes_splitting(long seed) {
    RowValues values = values(seed, 100);
    int[] borders = Clusters.best(values, 8);
    assertThat(Clusters.join(Clusters.split(values, borders))).isEqualTo(borders);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_means_of_halves_weigh_as_much_as_that_of_the_whole(long seed) {
    RowCase row = RowCase.random(seed, 1, 100);
    RowValues values = RowValues.of(row.values(), row.sensitivity());
    int[] borders = Clusters.best(values, 8);
    int[] halves = Clusters.split(values, borders);
    int split = 0;
    for (int cluster = 0; cluster < 8; cluster++) {
      double whole = moment(values, borders[cluster], borders[cluster + 1]);
      double lower = moment(values, halves[2 * cluster], halves[2 * cluster + 1]);
      double upper = moment(values, halves[2 * cluster + 1], halves[2 * cluster + 2]);
      assertThat(lower + upper).isCloseTo(whole, within(1e-12 * weight(row)));
      split += lower != 0 && upper != 0 ? 1 : 0;
    }
    assertThat(split).isPositive();
    assertThat(values.weight(0, values.count())).isCloseTo(weight(row), within(1e-9 * weight(row)));
  }

  private static double moment(RowValues values, int from, int end) {
    return from == end ? 0 : values.weight(from, end) * values.mean(from, end);
  }

  private static double weight(RowCase row) {
    double weight = 0;
    for (int column = 0; column < row.columns(); column++) {
      weight += row.weight(0, column);
    }
    return weight;
  }

  @Test
  void fewer_values_than_clusters_have_one_each() {
    RowValues values = RowValues.of(new float[] {3, -1, 3, -0f, 0}, null);
    assertThat(values.count()).isEqualTo(3);
    assertThat(Clusters.best(values, 4)).containsExactly(0, 1, 2, 3, 3);
    assertThat(Clusters.split(values, new int[] {0, 1, 3})).containsExactly(0, 1, 1, 2, 3);
  }

  private static RowValues values(long seed, int columns) {
    RowCase row = RowCase.random(seed, 1, columns);
    return RowValues.of(row.values(), row.sensitivity());
  }

  /** The squared error, less a part that no clustering changes. */
  private static double error(RowValues values, int[] borders) {
    double gain = 0;
    for (int i = 0; i < borders.length - 1; i++) {
      gain += borders[i] < borders[i + 1] ? values.gain(borders[i], borders[i + 1]) : 0;
    }
    double most = 0;
    for (int i = 0; i < values.count(); i++) {
      most += values.gain(i, i + 1);
    }
    return most - gain;
  }

  private static double leastError(RowValues values, int from, int clusters) {
    double own = clusterError(values, from, values.count());
    if (clusters == 1) {
      return own;
    }
    double least = Double.POSITIVE_INFINITY;
    for (int end = from + 1; end <= values.count() - clusters + 1; end++) {
      least =
          Math.min(least, clusterError(values, from, end) + leastError(values, end, clusters - 1));
    }
    return least;
  }

  private static double clusterError(RowValues values, int from, int end) {
    double error = -values.gain(from, end);
    for (int i = from; i < end; i++) {
      error += values.gain(i, i + 1);
    }
    return error;
  }

  private static int lloydCut(RowValues values, int start) {
    int[] cuts = {start, 0};
    while (cuts[0] != cuts[1]) {
      cuts[1] = cuts[0];
      double border = (values.mean(0, cuts[0]) + values.mean(cuts[0], values.count())) / 2;
      double[] single = new double[values.count()];
      Arrays.setAll(single, i -> values.mean(i, i + 1));
      int cut = 1;
      while (cut < values.count() - 1 && single[cut] < border) {
        cut++;
      }
      cuts[0] = cut;
    }
    return cuts[0];
  }
}

package tributary.compression.spqr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.compression.LinearProblem;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.Problems;
import tributary.compression.spqr.SpqrEncoder.Order;
import tributary.compression.spqr.SpqrEncoder.Settings;
import tributary.compression.spqr.SpqrEncoder.Statistics;

class LikelyOutliersTest {
  private static final int ROWS = 48;
  private static final int COLUMNS = 64;
  private static final int GROUP = 16;
  private static final int BITS = 3;

  /** Relative thresholds, from none on. */
  private static final double[] FALLING = {
    Double.POSITIVE_INFINITY, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0
  };

  static LongStream seeds() {
    return LongStream.range(0, 4);
  }

  @Test
  void leaving_out_the_one_far_weight_saves_most() {
    double[] group = {0.1, 0.2, 0.15, 5.0};
    double[] costs = {1, 1, 1, 1};
    double[] benefits = LikelyOutliers.benefits(group, costs, 2);
    assertThat(LikelyOutliers.cost(group, costs, Grid.between(0.1, 5.0, 2)))
        .isCloseTo(0.0125, within(1e-6));
    assertThat(benefits)
        .containsExactly(new double[] {0.0100, 0.0100, 0.0025, 0.012222}, within(1e-6));
    assertThat(LikelyOutliers.likely(group, costs, 2, 0.011))
        .containsExactly(false, false, false, true);
    Grid others = LikelyOutliers.gridOfOthers(group, costs, 2, 0.011);
    assertThat(others.value(0)).isCloseTo(0.1f, within(1e-6f));
    assertThat(others.value(3)).isCloseTo(0.2f, within(1e-6f));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void benefits_are_those_of_leaving_each_weight_out_in_turn(long seed) {
    float[] values = Problems.heavyTailed(seed, 16);
    double[] group = new double[16];
    double[] costs = new double[16];
    for (int i = 0; i < 16; i++) {
      group[i] = values[i];
      costs[i] = 1 + i % 3;
    }
    // Two equal extremes: leaving one out leaves the grid as it is.
    group[3] = Arrays.stream(group).max().orElseThrow();
    double[] found = LikelyOutliers.benefits(group, costs, 3);
    double whole = cost(group, costs, group);
    for (int i = 0; i < 16; i++) {
      double[] others = without(group, i);
      assertThat(found[i]).isCloseTo(whole - cost(others, without(costs, i), others), within(1e-9));
    }
  }

  private static double cost(double[] group, double[] costs, double[] fitted) {
    double low = Arrays.stream(fitted).min().orElseThrow();
    double high = Arrays.stream(fitted).max().orElseThrow();
    Grid grid = Grid.between(low, high, 3);
    double sum = 0;
    for (int i = 0; i < group.length; i++) {
      sum += costs[i] * Math.pow(group[i] - grid.value(grid.code(group[i])), 2);
    }
    return sum;
  }

  private static double[] without(double[] values, int left) {
    double[] others = new double[values.length - 1];
    System.arraycopy(values, 0, others, 0, left);
    System.arraycopy(values, left + 1, others, left, others.length - left);
    return others;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void in_the_first_group_weights_can_only_join_while_the_threshold_falls(long seed) {
    double[] gram = Problems.gram(seed, COLUMNS, 300);
    LinearProblem problem =
        Problems.problem(ROWS, gram, Problems.heavyTailed(seed, ROWS * COLUMNS));
    Curvature curvature = Curvature.of(gram, COLUMNS, 0.01);
    boolean[] before = likely(problem, curvature, FALLING[0]);
    assertThat(before).doesNotContain(true);
    for (double relative : FALLING) {
      boolean[] likely = likely(problem, curvature, relative);
      for (int i = 0; i < likely.length; i++) {
        assertThat(likely[i] || !before[i]).as("weight %d at %s", i, relative).isTrue();
      }
      before = likely;
    }
    assertThat(before).contains(true).contains(false);
    assertThat(likely(problem, curvature, 0.2)).contains(true).isNotEqualTo(before);
  }

  /** Of all rows' first groups, which nothing was compensated in yet. */
  private static boolean[] likely(LinearProblem problem, Curvature curvature, double relative) {
    double[] weights = Problems.widened(problem.difference());
    double[] costs = new double[GROUP];
    for (int j = 0; j < GROUP; j++) {
      costs[j] = Math.pow(curvature.factor()[j * COLUMNS + j], -2);
    }
    Settings settings = new Settings(BITS, GROUP, Statistics.USUAL, relative, Order.NATURAL, 0.01);
    double threshold = new SpqrEncoder(settings).threshold(weights, curvature);
    boolean[] all = new boolean[ROWS * GROUP];
    for (int row = 0; row < ROWS; row++) {
      double[] group = Arrays.copyOfRange(weights, row * COLUMNS, row * COLUMNS + GROUP);
      boolean[] likely = LikelyOutliers.likely(group, costs, BITS, threshold);
      System.arraycopy(likely, 0, all, row * GROUP, GROUP);
    }
    return all;
  }
}

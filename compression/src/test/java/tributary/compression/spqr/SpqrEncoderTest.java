package tributary.compression.spqr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.solver.Problems.decoded;
import static tributary.compression.solver.Problems.loss;
import static tributary.compression.solver.Problems.problem;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.Problems;
import tributary.compression.solver.StoredScale;
import tributary.compression.spqr.SpqrEncoder.Order;
import tributary.compression.spqr.SpqrEncoder.Settings;
import tributary.compression.spqr.SpqrEncoder.Statistics;
import tributary.protocol.TributaryException;
import tributary.tensor.format.GroupedCodes;

class SpqrEncoderTest {
  private static final double NO_OUTLIERS = Double.POSITIVE_INFINITY;
  private static final int ROWS = 48;
  private static final int COLUMNS = 64;
  private static final int N = ROWS * COLUMNS;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  static LongStream seeds() {
    return LongStream.range(0, 4);
  }

  @ParameterizedTest(name = "{0} times")
  @ValueSource(doubles = {1e-6, 0.3, 4, 7, 1e6})
  void larger_inputs_change_nothing(double times) {
    float[] difference = Problems.heavyTailed(3, N);
    double[] gram = Problems.gram(3, COLUMNS, 300);
    double[] larger = Arrays.stream(gram).map(value -> times * value).toArray();
    for (Order order : Order.values()) {
      Settings settings = new Settings(3, 16, Statistics.USUAL, 0.3, order, 0.01);
      GroupedCodes wanted = encode(settings, problem(ROWS, gram, difference));
      GroupedCodes found = encode(settings, problem(ROWS, larger, difference));
      assertThat(wanted.outliers().count()).isBetween(N / 100, N / 4);
      assertThat(found.codes().mismatch(wanted.codes())).isEqualTo(-1);
      assertThat(found.outliers().rowOffsets()).isEqualTo(wanted.outliers().rowOffsets());
      assertThat(found.outliers().columns()).isEqualTo(wanted.outliers().columns());
      assertThat(found.order()).isEqualTo(wanted.order());
      assertThat(decoded(found)).isEqualTo(decoded(wanted));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, COLUMNS})
  void without_outliers_and_second_grids_it_is_rounding_on_fitted_grids_with_compensation(
      int group) {
    LinearProblem problem = calibrated(1, Problems.gaussian(1, N));
    Settings settings = new Settings(3, group, Statistics.PLAIN, NO_OUTLIERS, Order.NATURAL, 0.01);
    GroupedCodes code = encode(settings, problem);
    assertThat(code.outliers().count()).isZero();
    float[] wanted = groupedSweep(problem, group, 7);
    assertThat(Problems.largestDifference(decoded(code), wanted)).isLessThan(1e-5);
  }

  /** The definition: one column after the other, no blocks, a grid from each group's extremes. */
  private static float[] groupedSweep(LinearProblem problem, int group, int largest) {
    double[] u = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).factor();
    float[] decoded = new float[N];
    for (int row = 0; row < ROWS; row++) {
      double[] w = new double[COLUMNS];
      for (int j = 0; j < COLUMNS; j++) {
        w[j] = problem.difference()[row * COLUMNS + j];
      }
      float scale = 0;
      float zero = 0;
      for (int j = 0; j < COLUMNS; j++) {
        if (j % group == 0) {
          double low = Arrays.stream(w, j, j + group).min().orElseThrow();
          double high = Arrays.stream(w, j, j + group).max().orElseThrow();
          scale = StoredScale.nearest((high - low) / largest);
          zero = StoredScale.half((float) (-low / ((high - low) / largest)));
        }
        double code = Math.clamp(Math.rint(w[j] / scale + zero), 0, largest);
        decoded[row * COLUMNS + j] = (float) (scale * (code - zero));
        double error = (w[j] - scale * (code - zero)) / u[j * COLUMNS + j];
        for (int k = j + 1; k < COLUMNS; k++) {
          w[k] -= error * u[j * COLUMNS + k];
        }
      }
    }
    return decoded;
  }

  @Test
  void with_a_threshold_of_zero_every_weight_that_is_missed_is_stored_beside_its_grid() {
    LinearProblem problem = calibrated(2, Problems.gaussian(2, N));
    for (Order order : Order.values()) {
      GroupedCodes code = encode(new Settings(3, 16, Statistics.USUAL, 0, order, 0.01), problem);
      float[] stored = stored(code);
      for (int i = 0; i < N; i++) {
        float wanted = problem.difference()[i];
        float dense = code.dense(i / COLUMNS, i % COLUMNS);
        // What is not stored is below the least number of fp16.
        assertThat(stored[i] != 0 || Math.abs(dense - wanted) < 0x1p-24f).isTrue();
        assertThat(code.value(i / COLUMNS, i % COLUMNS))
            .isCloseTo(
                wanted,
                within(Math.abs(stored[i]) * 0x1p-11f + Math.abs(wanted) * 0x1p-22f + 0x1p-25f));
      }
      assertThat(code.outliers().count()).isGreaterThan(N / 2);
    }
  }

  /** What is stored beside the grids. */
  private static float[] stored(GroupedCodes code) {
    float[] values = new float[N];
    GroupedCodes.Outliers outliers = code.outliers();
    for (int row = 0; row < ROWS; row++) {
      for (int i = outliers.rowOffsets()[row]; i < outliers.rowOffsets()[row + 1]; i++) {
        values[row * COLUMNS + outliers.columns()[i]] = outliers.values()[i];
      }
    }
    return values;
  }

  @Test
  void an_outlier_leaves_no_error_for_others_to_make_up_for() {
    LinearProblem problem = calibrated(3, Problems.heavyTailed(3, N));
    Curvature curvature = Curvature.of(Problems.gram(problem), COLUMNS, 0.01);
    double[] weights = new double[N];
    for (int i = 0; i < N; i++) {
      weights[i] = problem.difference()[i];
    }
    var plan = new GroupCoder.Plan(3, 16, Statistics.USUAL, 50);
    GroupCoder coder = new GroupCoder(ROWS, curvature, plan);
    double[] errors = ColumnSweep.run(weights, curvature, new ColumnSweep.Cut(16, 16), coder);
    GroupedCodes code = coder.packed(null, arena);
    GroupedCodes.Outliers outliers = code.outliers();
    assertThat(outliers.count()).isBetween(1, N / 4);
    for (int row = 0; row < ROWS; row++) {
      for (int i = outliers.rowOffsets()[row]; i < outliers.rowOffsets()[row + 1]; i++) {
        int column = outliers.columns()[i];
        assertThat(errors[row * COLUMNS + column]).isZero();
        // Stored is what the grid misses: both together give the weight, to fp16 of the rest.
        double weight = weights[row * COLUMNS + column];
        float sum = code.dense(row, column) + outliers.values()[i];
        assertThat((double) sum)
            .isCloseTo(weight, within(1e-3 * Math.abs(outliers.values()[i]) + 1e-6));
      }
    }
  }

  @Test
  void fewer_outliers_with_a_larger_threshold() {
    LinearProblem problem = calibrated(5, Problems.heavyTailed(5, N));
    int last = N;
    for (double threshold : new double[] {0.001, 0.05, 0.2, 1, NO_OUTLIERS}) {
      Settings settings =
          new Settings(3, 16, Statistics.USUAL, threshold, Order.FALLING_CURVATURE, 1);
      int count = encode(settings, problem).outliers().count();
      assertThat(count).isLessThan(last);
      last = count;
    }
    assertThat(last).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0", "3"})
  void groups_of_zeros_decode_to_zeros_beside_others(int bits) {
    float[] difference = Problems.gaussian(6, N);
    for (int row = 0; row < ROWS; row += 3) {
      Arrays.fill(difference, row * COLUMNS + 16, row * COLUMNS + 32, 0);
    }
    Statistics statistics = bits == 0 ? Statistics.PLAIN : Statistics.USUAL;
    Settings settings = new Settings(3, 16, statistics, NO_OUTLIERS, Order.NATURAL, 0);
    float[] values = decoded(encode(settings, problem(ROWS, null, difference)));
    for (int row = 0; row < ROWS; row += 3) {
      requireZeros(Arrays.copyOfRange(values, row * COLUMNS + 16, row * COLUMNS + 32));
    }
    requireZeros(decoded(encode(settings, problem(ROWS, null, new float[N]))));
  }

  /** Of either sign. */
  private static void requireZeros(float[] values) {
    for (float value : values) {
      assertThat(Math.abs(value)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"0.7", "-0.3"})
  void a_group_of_equal_weights_decodes_to_their_value(float value) {
    float[] difference = new float[N];
    Arrays.fill(difference, value);
    for (Statistics statistics : new Statistics[] {Statistics.PLAIN, Statistics.USUAL}) {
      Settings settings = new Settings(3, 16, statistics, NO_OUTLIERS, Order.NATURAL, 0);
      float[] values = decoded(encode(settings, problem(ROWS, null, difference)));
      for (float found : values) {
        assertThat(found).isCloseTo(value, within(1e-3f));
      }
    }
  }

  @Test
  void equal_statistics_are_stored_as_they_are() {
    float[] scales = new float[16];
    Arrays.fill(scales, 0.0137f);
    boolean[] all = new boolean[16];
    Arrays.fill(all, true);
    StatisticsRun run = StatisticsRun.of(scales, all, 3);
    for (int row = 0; row < 16; row++) {
      assertThat(run.value(row)).isEqualTo(StoredScale.half(0.0137f));
    }
    scales[4] = 0.0137f * (1 + 1e-6f);
    assertThat(StatisticsRun.of(scales, all, 3).value(4)).isCloseTo(0.0137f, within(1e-4f));
  }

  @Test
  void a_statistic_that_does_not_matter_widens_no_grid() {
    float[] zeros = {3, 4, 1000, 5};
    StatisticsRun run = StatisticsRun.of(zeros, new boolean[] {true, true, false, true}, 3);
    assertThat(run.value(0)).isCloseTo(3, within(0.01f));
    assertThat(run.value(1)).isCloseTo(4, within(0.15f));
    assertThat(run.value(3)).isCloseTo(5, within(0.01f));
  }

  @ParameterizedTest
  @CsvSource({"3,16,16,3.625", "4,16,16,4.625", "3,8,64,3.875"})
  void stored_bits_are_those_of_the_formula(int bits, int group, int runRows, double wanted) {
    int rows = 128;
    int columns = 64;
    LinearProblem problem = problem(rows, null, Problems.gaussian(7, rows * columns));
    Settings settings =
        new Settings(bits, group, new Statistics(3, runRows), NO_OUTLIERS, Order.NATURAL, 0);
    double found = 8.0 * encode(settings, problem).size().count() / (rows * columns);
    assertThat(found).isEqualTo(wanted);

    Settings few = new Settings(bits, group, new Statistics(3, runRows), 0.3, Order.NATURAL, 0);
    GroupedCodes code = encode(few, problem);
    double share = (double) code.outliers().count() / (rows * columns);
    double offsets = 32.0 * (rows + 1) / (rows * columns);
    assertThat(8.0 * code.size().count() / (rows * columns))
        .isCloseTo(wanted + 32 * share + (share > 0 ? offsets : 0), within(1e-9));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void outliers_are_sorted_and_at_their_columns_in_any_order_of_coding(long seed) {
    LinearProblem problem = calibrated(seed, Problems.heavyTailed(seed, N));
    GroupedCodes code = encode(Settings.usual(3), problem);
    GroupedCodes.Outliers outliers = code.outliers();
    assertThat(code.order()).isNotNull();
    assertThat(outliers.rowOffsets()).isSorted().hasSize(ROWS + 1).startsWith(0);
    assertThat(outliers.rowOffsets()[ROWS]).isEqualTo(outliers.count()).isPositive();
    for (int row = 0; row < ROWS; row++) {
      for (int i = outliers.rowOffsets()[row] + 1; i < outliers.rowOffsets()[row + 1]; i++) {
        assertThat(outliers.columns()[i]).isGreaterThan(outliers.columns()[i - 1]);
      }
    }
    double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 1).hessian();
    LinearProblem zero = calibrated(seed, new float[N]);
    double all = loss(problem, encode(Settings.usual(3), zero), hessian);
    assertThat(loss(problem, code, hessian)).isLessThan(0.03 * all);
  }

  @Test
  void coding_in_another_order_is_coding_the_reordered_problem() {
    LinearProblem problem = calibrated(8, Problems.gaussian(8, N));
    Settings settings = new Settings(3, 16, Statistics.USUAL, 0.2, Order.FALLING_CURVATURE, 0.01);
    GroupedCodes code = encode(settings, problem);
    int[] order = Objects.requireNonNull(code.order());
    double[] gram = new double[COLUMNS * COLUMNS];
    for (int i = 0; i < gram.length; i++) {
      gram[i] = Problems.gram(problem)[order[i / COLUMNS] * COLUMNS + order[i % COLUMNS]];
    }
    float[] difference = new float[N];
    for (int i = 0; i < N; i++) {
      difference[i] = problem.difference()[i / COLUMNS * COLUMNS + order[i % COLUMNS]];
    }
    Settings natural = new Settings(3, 16, Statistics.USUAL, 0.2, Order.NATURAL, 0.01);
    GroupedCodes byHand = encode(natural, problem(ROWS, gram, difference));
    for (int row = 0; row < ROWS; row++) {
      for (int position = 0; position < COLUMNS; position++) {
        assertThat(code.value(row, order[position])).isEqualTo(byHand.value(row, position));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2,1", "3,5", "5,100", "8,16"})
  void any_bits_and_group_decode_close_to_the_difference(int bits, int group) {
    LinearProblem problem = calibrated(9, Problems.gaussian(9, N));
    double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).hessian();
    Settings settings =
        new Settings(bits, group, new Statistics(4, 8), 0.5, Order.FALLING_CURVATURE, 0.01);
    double all = loss(problem, encode(settings, calibrated(9, new float[N])), hessian);
    assertThat(loss(problem, encode(settings, problem), hessian))
        .isLessThan(all * Math.pow(4, 1 - bits));
  }

  @Test
  void weights_that_are_not_finite_are_refused() {
    for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] difference = Problems.gaussian(10, N);
      difference[77] = wrong;
      assertThatThrownBy(() -> encode(Settings.usual(3), calibrated(10, difference)))
          .isInstanceOf(TributaryException.class)
          .hasMessageContainingAll("incompatible_models", "layer.weight");
    }
  }

  @Test
  void too_few_tokens_and_inputs_that_never_came_give_finite_values() {
    double[] gram = Problems.gram(11, COLUMNS, 3);
    for (int j = 0; j < COLUMNS; j++) {
      gram[9 * COLUMNS + j] = 0;
      gram[j * COLUMNS + 9] = 0;
    }
    LinearProblem problem = problem(ROWS, gram, Problems.gaussian(11, N));
    for (float value : decoded(encode(Settings.usual(3), problem))) {
      assertThat(value).isFinite();
    }
    assertThat(decoded(encode(Settings.usual(3), problem(1, null, 1, -2, 3)))).hasSize(3);
  }

  @Test
  void settings_out_of_range_are_named() {
    assertThatThrownBy(() -> new Settings(9, 16, Statistics.USUAL, 0.2, Order.NATURAL, 1))
        .hasMessageContaining("bits is 9");
    assertThatThrownBy(() -> new Settings(3, 0, Statistics.USUAL, 0.2, Order.NATURAL, 1))
        .hasMessageContaining("group is 0");
    assertThatThrownBy(() -> new Settings(3, 16, Statistics.USUAL, Double.NaN, Order.NATURAL, 1))
        .hasMessageContaining("outliers");
    assertThatThrownBy(() -> new Statistics(9, 16)).hasMessageContaining("statistic bits is 9");
  }

  private static LinearProblem calibrated(long seed, float[] difference) {
    return problem(ROWS, Problems.gram(seed, COLUMNS, 300), difference);
  }

  private GroupedCodes encode(Settings settings, LinearProblem problem) {
    return (GroupedCodes) new SpqrEncoder(settings).encode(problem, arena);
  }
}

package tributary.compression.solver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.solver.ColumnSweep.Cut;

class ColumnSweepTest {
  private static final int ROWS = 70;
  private static final int COLUMNS = 72;

  /** More than two blocks and a tile, and a multiple of neither. */
  private static final int WIDE = 300;

  private static final double STEP = 0.5;

  /** Rounds to multiples of {@link #STEP}, and remembers what it gave. */
  private static final class Rounding implements ColumnSweep.Coder {
    private final double[] decoded;
    private final int columns;

    Rounding(int columns) {
      this.decoded = new double[ROWS * columns];
      this.columns = columns;
    }

    @Override
    public void code(double[] weights, int column, int firstRow, int endRow, double[] out) {
      for (int row = firstRow; row < endRow; row++) {
        int at = row * columns + column;
        decoded[at] = STEP * Math.rint(weights[at] / STEP);
        out[row - firstRow] = decoded[at];
      }
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 5);
  }

  @Test
  void without_curvature_every_weight_is_rounded_to_nearest() {
    double[] identity = Problems.identity(COLUMNS);
    Curvature curvature = Curvature.of(identity, COLUMNS, 0);
    assertThat(curvature.factor()).containsExactly(identity, within(0.0));
    double[] weights = weights(1);
    double[] decoded = decoded(weights, curvature, Cut.USUAL);
    for (int i = 0; i < weights.length; i++) {
      assertThat(decoded[i]).isEqualTo(STEP * Math.rint(weights[i] / STEP));
    }
  }

  @Test
  void inputs_that_share_nothing_make_up_for_nothing() {
    double[] diagonal = Problems.identity(COLUMNS);
    for (int j = 0; j < COLUMNS; j++) {
      diagonal[j * COLUMNS + j] = 1 + j;
    }
    assertThat(decoded(weights(2), Curvature.of(diagonal, COLUMNS, 0), Cut.USUAL))
        .isEqualTo(decoded(weights(2), Curvature.identity(COLUMNS), Cut.USUAL));
  }

  @ParameterizedTest(name = "{0} times")
  @ValueSource(doubles = {1e-6, 0.3, 4, 7, 1e6})
  void larger_inputs_change_no_code(double times) {
    for (long seed = 0; seed < 3; seed++) {
      double[] gram = Problems.gram(seed, COLUMNS, 300);
      double[] larger = Arrays.stream(gram).map(value -> times * value).toArray();
      assertThat(decoded(weights(seed), Curvature.of(larger, COLUMNS, 0.01), Cut.USUAL))
          .isEqualTo(decoded(weights(seed), Curvature.of(gram, COLUMNS, 0.01), Cut.USUAL));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 32, 128, WIDE})
  void blocks_and_panels_change_nothing_but_rounding(int blockColumns) {
    Curvature curvature = Curvature.of(Problems.gram(3, WIDE, 400), WIDE, 0.01);
    Rounding wanted = new Rounding(WIDE);
    double[] weights = weights(3, WIDE);
    double[] errors = ColumnSweep.run(weights, curvature, new Cut(1, 1), wanted);
    for (double weight : weights) {
      // None is so near to the middle between two codes that rounding could choose.
      assertThat(Math.abs(weight / STEP - Math.floor(weight / STEP) - 0.5)).isGreaterThan(1e-9);
    }
    for (int panelRows : new int[] {1, 16, 200}) {
      Rounding found = new Rounding(WIDE);
      double[] foundWeights = weights(3, WIDE);
      Cut cut = new Cut(blockColumns, panelRows);
      double[] foundErrors = ColumnSweep.run(foundWeights, curvature, cut, found);
      assertThat(found.decoded).isEqualTo(wanted.decoded);
      assertThat(Problems.largestRelativeDifference(foundWeights, weights)).isLessThan(1e-9);
      assertThat(Problems.largestRelativeDifference(foundErrors, errors)).isLessThan(1e-9);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void what_is_returned_squares_to_the_output_error(long seed) {
    Curvature curvature = Curvature.of(Problems.gram(seed, COLUMNS, 300), COLUMNS, 0.01);
    Rounding coder = new Rounding(COLUMNS);
    double[] errors = ColumnSweep.run(weights(seed), curvature, Cut.USUAL, coder);
    double[] weights = weights(seed);
    for (int row = 0; row < ROWS; row++) {
      double squared = 0;
      for (int j = 0; j < COLUMNS; j++) {
        squared += errors[row * COLUMNS + j] * errors[row * COLUMNS + j];
      }
      assertThat(squared)
          .isCloseTo(loss(weights, coder.decoded, curvature, row), within(1e-9 * squared));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void making_up_for_errors_lowers_the_output_error_of_all_rows_together(long seed) {
    Curvature curvature = Curvature.of(Problems.gram(seed, COLUMNS, 300), COLUMNS, 0.01);
    double[] weights = weights(seed);
    double[] swept = decoded(weights, curvature, Cut.USUAL);
    double[] nearest = decoded(weights, Curvature.identity(COLUMNS), Cut.USUAL);
    double ofSwept = 0;
    double ofNearest = 0;
    for (int row = 0; row < ROWS; row++) {
      ofSwept += loss(weights, swept, curvature, row);
      ofNearest += loss(weights, nearest, curvature, row);
    }
    assertThat(ofSwept).isLessThan(0.8 * ofNearest);
  }

  @Test
  void dead_columns_decode_from_zero() {
    double[] gram = Problems.gram(4, COLUMNS, 300);
    for (int j = 0; j < COLUMNS; j++) {
      gram[7 * COLUMNS + j] = 0;
      gram[j * COLUMNS + 7] = 0;
    }
    Curvature curvature = Curvature.of(gram, COLUMNS, 0.01);
    double[] decoded = decoded(weights(4), curvature, Cut.USUAL);
    assertThat(Arrays.stream(decoded)).allMatch(Double::isFinite);
    for (int row = 0; row < ROWS; row++) {
      assertThat(decoded[row * COLUMNS + 7]).isZero();
    }
  }

  @Test
  void fewer_tokens_than_inputs_give_finite_results() {
    Curvature curvature = Curvature.of(Problems.gram(5, COLUMNS, 9), COLUMNS, 0.01);
    Rounding coder = new Rounding(COLUMNS);
    double[] errors = ColumnSweep.run(weights(5), curvature, Cut.USUAL, coder);
    for (double[] values : new double[][] {errors, coder.decoded}) {
      assertThat(Arrays.stream(values)).allMatch(Double::isFinite);
    }
  }

  @Test
  void coded_in_another_order_columns_return_to_their_places() {
    double[] gram = Problems.gram(6, COLUMNS, 300);
    var problem = Problems.problem(ROWS, gram, Problems.gaussian(6, ROWS * COLUMNS));
    LayerCurvatures.Ordered ordered = new LayerCurvatures(0.01).byFallingDiagonal(problem);
    int[] order = ordered.order();
    for (int p = 1; p < COLUMNS; p++) {
      assertThat(gram[order[p] * (COLUMNS + 1)])
          .isLessThanOrEqualTo(gram[order[p - 1] * (COLUMNS + 1)]);
    }
    double[] byHand = new double[gram.length];
    for (int i = 0; i < gram.length; i++) {
      byHand[i] = gram[order[i / COLUMNS] * COLUMNS + order[i % COLUMNS]];
    }
    double[] wanted = Curvature.of(byHand, COLUMNS, 0.01).factor();
    assertThat(Problems.largestDifference(ordered.curvature().factor(), wanted)).isLessThan(1e-12);
  }

  @Test
  void layers_with_one_input_share_a_curvature() {
    double[] gram = Problems.gram(6, COLUMNS, 300);
    var first = Problems.problem(1, gram, new float[COLUMNS]);
    var second =
        new tributary.compression.LinearProblem(
            "other", 2, COLUMNS, new float[2 * COLUMNS], new float[2 * COLUMNS], first.inputs());
    LayerCurvatures curvatures = new LayerCurvatures(0.01);
    assertThat(curvatures.of(second)).isSameAs(curvatures.of(first));
    var other = Problems.problem(1, Problems.gram(7, COLUMNS, 300), new float[COLUMNS]);
    assertThat(curvatures.of(other)).isNotSameAs(curvatures.of(first));
  }

  @Test
  void statistics_of_no_inputs_leave_rounding_to_nearest() {
    var problem = Problems.problem(1, new double[] {1, 9, 9, 1}, 1, 2);
    assertThat(new LayerCurvatures(0.01).of(problem).factor()).containsExactly(1, 0, 0, 1);
  }

  @Test
  void weights_that_are_no_whole_rows_are_refused() {
    assertThatThrownBy(
            () -> ColumnSweep.run(new double[7], Curvature.identity(3), Cut.USUAL, new Rounding(3)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Cut(0, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static double[] decoded(double[] weights, Curvature curvature, Cut cut) {
    Rounding coder = new Rounding(COLUMNS);
    ColumnSweep.run(weights.clone(), curvature, cut, coder);
    return coder.decoded;
  }

  private static double[] weights(long seed) {
    return weights(seed, COLUMNS);
  }

  private static double[] weights(long seed, int columns) {
    return Problems.widened(Problems.gaussian(seed, ROWS * columns));
  }

  private static double loss(double[] wanted, double[] decoded, Curvature curvature, int row) {
    double sum = 0;
    for (int i = 0; i < COLUMNS; i++) {
      double left = wanted[row * COLUMNS + i] - decoded[row * COLUMNS + i];
      for (int j = 0; j < COLUMNS; j++) {
        double right = wanted[row * COLUMNS + j] - decoded[row * COLUMNS + j];
        sum += left * curvature.hessian()[i * COLUMNS + j] * right;
      }
    }
    return sum;
  }
}

package tributary.compression.deltazip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.ColumnSweep.Cut;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.LeastSquares;
import tributary.compression.solver.Problems;

/** What the sweep prunes, and what becomes of the weights that it keeps. */
class PruningCoderTest {
  private static final Keep TWO_OF_FOUR = new Keep.Some(2, 4);
  private static final int ROWS = 64;

  /** More than two blocks, and no whole number of them. */
  private static final int COLUMNS = 300;

  static LongStream seeds() {
    return LongStream.range(0, 8);
  }

  @Test
  void pruning_alone_moves_what_is_lost_to_the_inputs_that_are_kept() {
    double[] pairs = {2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2};
    Curvature curvature = Curvature.of(pairs, 4, 0);
    PruningCoder coder = coder(1, curvature, TWO_OF_FOUR);
    double[] row = {0.4, 1.0, 0.2, -0.8};
    assertThat(IntStream.range(0, 4).mapToDouble(j -> coder.value(row, 0, j)).toArray())
        .containsExactly(new double[] {0.24, 2.0, 0.06, 1.28}, within(1e-12));
    assertThat(pruned(row, curvature, coder))
        .containsExactly(new double[] {0, 1.2, 0, -0.7}, within(1e-12));
    assertThat(coder.coded().pruned()).containsExactly(true, false, true, false);
  }

  /** Inputs that are alike within each four; of each the first two are pruned. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void what_is_kept_after_what_was_pruned_is_the_least_squares_solution(long seed) {
    int columns = 12;
    double[] gram = new double[columns * columns];
    for (int first = 0; first < columns; first += 4) {
      double[] alike = Problems.gram(10 * seed + first, 4, 40);
      for (int i = 0; i < 16; i++) {
        gram[(first + i / 4) * columns + first + i % 4] = alike[i];
      }
    }
    double[] row = Problems.widened(Problems.gaussian(seed, columns));
    for (int j = 0; j < columns; j++) {
      row[j] = j % 4 < 2 ? 0.01 * row[j] : Math.copySign(1, row[j]) + row[j];
    }
    Curvature curvature = Curvature.of(gram, columns, 0);
    PruningCoder coder = coder(1, curvature, TWO_OF_FOUR);
    double[] kept = pruned(row.clone(), curvature, coder);
    for (int first = 0; first < columns; first += 4) {
      assertThat(Arrays.copyOfRange(coder.coded().pruned(), first, first + 4))
          .containsExactly(true, true, false, false);
      double[] wanted = leastSquares(gram, columns, row, first);
      assertThat(Arrays.copyOfRange(kept, first, first + 4))
          .containsExactly(new double[] {0, 0, wanted[0], wanted[1]}, within(1e-12));
      assertThat(wanted[0]).isNotCloseTo(row[first + 2], within(1e-6));
    }
  }

  /** The last two of four weights x, the others 0, of least {@code (row - x) gram (row - x)^T}. */
  private static double[] leastSquares(double[] gram, int columns, double[] row, int first) {
    double[][] matrix = new double[2][2];
    double[] right = new double[2];
    for (int i = 0; i < 2; i++) {
      int at = (first + 2 + i) * columns;
      matrix[i] = Arrays.copyOfRange(gram, at + first + 2, at + first + 4);
      for (int j = first; j < first + 4; j++) {
        right[i] += gram[at + j] * row[j];
      }
    }
    return LeastSquares.solve(matrix, right);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 32, 128, COLUMNS})
  void blocks_change_neither_what_is_pruned_nor_codes(int blockColumns) {
    Curvature curvature = Curvature.of(Problems.gram(3, COLUMNS, 400), COLUMNS, 0.01);
    for (Keep keep : List.of(TWO_OF_FOUR, new Keep.All())) {
      double[] weights = Problems.widened(Problems.gaussian(3, ROWS * COLUMNS));
      double[] foundWeights = weights.clone();
      PruningCoder wanted = coder(ROWS, curvature, keep);
      PruningCoder found = coder(ROWS, curvature, keep);
      double[] errors = ColumnSweep.run(weights, curvature, new Cut(COLUMNS, 1), wanted);
      double[] foundErrors =
          ColumnSweep.run(foundWeights, curvature, new Cut(blockColumns, 16), found);
      assertThat(found.coded().pruned()).isEqualTo(wanted.coded().pruned());
      assertThat(found.coded().codes()).isEqualTo(wanted.coded().codes());
      assertThat(Problems.largestRelativeDifference(foundWeights, weights)).isLessThan(1e-9);
      assertThat(Problems.largestRelativeDifference(foundErrors, errors)).isLessThan(1e-9);
    }
  }

  /** Prunes without coding: a kept weight stays as compensation left it. */
  private static double[] pruned(double[] row, Curvature curvature, PruningCoder coder) {
    ColumnSweep.Coder pruning =
        (weights, column, firstRow, endRow, decoded) -> {
          coder.code(weights, column, firstRow, endRow, decoded);
          decoded[0] = coder.coded().isPruned(0, column) ? 0 : weights[column];
        };
    ColumnSweep.run(row, curvature, Cut.USUAL, pruning);
    for (int j = 0; j < row.length; j++) {
      row[j] = coder.coded().isPruned(0, j) ? 0 : row[j];
    }
    return row;
  }

  private static PruningCoder coder(int rows, Curvature curvature, Keep keep) {
    int columns = curvature.columns();
    return new PruningCoder(
        rows,
        curvature,
        new PruningCoder.Plan(Levels.symmetric(4), keep, columns, (w, c, l) -> 0.25));
  }
}

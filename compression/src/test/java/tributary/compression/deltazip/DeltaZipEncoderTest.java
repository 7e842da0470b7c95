package tributary.compression.deltazip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.solver.Problems.decoded;
import static tributary.compression.solver.Problems.loss;
import static tributary.compression.solver.Problems.problem;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.compression.deltazip.DeltaZipEncoder.Rule;
import tributary.compression.deltazip.DeltaZipEncoder.Settings;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.Problems;
import tributary.compression.solver.StoredScale;
import tributary.protocol.TributaryException;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;

class DeltaZipEncoderTest {
  private static final double[] PAIRS = {2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2};
  private static final float[] PUBLISHED_ROW = {0.4f, 1.0f, 0.2f, -0.8f};
  private static final Keep TWO_OF_FOUR = new Keep.Some(2, 4);
  private static final int ROWS = 64;
  private static final int COLUMNS = 64;

  /** Scales are stored in fp16. */
  private static final float STORED = 2e-3f;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void free() {
    arena.close();
  }

  static LongStream seeds() {
    return LongStream.range(0, 4);
  }

  @Test
  void the_published_grid_clips_the_largest_weight() {
    Levels levels = Levels.symmetric(2);
    assertThat(levels.zero()).isEqualTo(2);
    double scale = ScaleFit.absMax(new double[] {0.9, -0.6, 0.1, 0.3}, levels);
    assertThat(scale).isCloseTo(0.6, within(1e-12));
    assertThat(List.of(0.9, -0.6, 0.1, 0.3).stream().map(w -> levels.code(w, 0.6f)))
        .containsExactly(3, 1, 2, 2);
    assertThat(levels.value(3, 0.6f)).isEqualTo(0.6f);
    assertThat(levels.value(1, 0.6f)).isEqualTo(-0.6f);
    assertThat(levels.value(2, 0.6f)).isZero();
    // Halfway between two codes the even number of steps is taken.
    assertThat(levels.code(0.5, 1)).isEqualTo(2);
    assertThat(levels.code(-1.5, 1)).isEqualTo(0);
    // Without a negative weight the scale is half as large.
    assertThat(ScaleFit.absMax(new double[] {0.9, 0.1}, levels)).isCloseTo(0.3, within(1e-12));
  }

  @Test
  void the_published_vectors_are_reproduced() {
    float third = 2 / 3f;
    assertPublished(new Keep.All(), 2, 2 / 3.0, List.of(3, 3, 2, 1), third, third, 0, -third);
    assertPublished(TWO_OF_FOUR, 2, 2 / 3.0, List.of(2, 3, 2, 1), 0, third, 0, -third);
    assertPublished(TWO_OF_FOUR, 4, 2 / 15.0, List.of(8, 15, 8, 3), 0, 0.9333f, 0, -0.6667f);
  }

  private void assertPublished(
      Keep keep, int bits, double scale, List<Integer> codes, float... values) {
    Settings settings = new Settings(bits, keep, 0, Rule.PUBLISHED, 0);
    LinearProblem problem = problem(1, PAIRS, PUBLISHED_ROW);
    Coded coded = new DeltaZipEncoder(settings).coded(problem);
    assertThat(coded.scales()).containsExactly(StoredScale.nearest(scale));
    assertThat(IntStream.range(0, 4).mapToObj(j -> coded.code(0, j)).toList()).isEqualTo(codes);
    assertThat(decoded(encode(settings, problem))).containsExactly(values, within(STORED));
  }

  @Test
  void without_shared_inputs_the_two_largest_are_kept_and_of_equal_ones_the_first() {
    float[] row = {1, -3, 2, -2, 1, 1, 1, 1, 0, 0, 0, 5};
    boolean[] pruned = uncorrelated(8, problem(1, Problems.identity(12), row)).pruned();
    assertThat(keptColumns(12, j -> !pruned[j])).containsExactly(1, 2, 4, 5, 8, 11);

    float[] values = Problems.gaussian(1, N);
    Coded coded = uncorrelated(2, problem(ROWS, Problems.identity(COLUMNS), values));
    for (int first = 0; first < N; first += 4) {
      List<Integer> largest =
          IntStream.range(first, first + 4)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(values[i])))
              .limit(2)
              .sorted()
              .toList();
      assertThat(IntStream.range(first, first + 4).filter(i -> !coded.pruned()[i]).boxed().toList())
          .isEqualTo(largest);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void every_four_inputs_keep_two_at_different_places_whatever_they_decode_to(long seed) {
    for (Rule rule : Rule.values()) {
      SparseCodes code =
          (SparseCodes)
              encode(Settings.twoOfFour(2, rule), calibrated(seed, Problems.heavyTailed(seed, N)));
      for (int row = 0; row < ROWS; row++) {
        for (int first = 0; first < COLUMNS; first += 4) {
          int kept = 0;
          for (int j = first; j < first + 4; j++) {
            kept += code.code(row, j) >= 0 ? 1 : 0;
          }
          assertThat(kept).isEqualTo(2);
        }
      }
    }
  }

  @Test
  void a_kept_weight_of_code_zero_stays_at_its_place() {
    // The most negative weight rounds to -8 steps, whose code is 0.
    float[] row = {0.1f, -1, 0.2f, 0.3f, 0.9f, 0.1f, 0.1f, -0.4f};
    Settings settings = new Settings(4, TWO_OF_FOUR, 0, Rule.PUBLISHED, 0);
    SparseCodes code = (SparseCodes) encode(settings, problem(1, null, row));
    assertThat(code.code(0, 1)).isZero();
    assertThat(code.value(0, 1)).isCloseTo(-16 / 15f, within(STORED));
    assertThat(keptColumns(8, j -> code.code(0, j) >= 0)).containsExactly(1, 3, 4, 7);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void the_archive_of_the_codes_decodes_to_the_same_weights(int bits) {
    Settings settings = Settings.twoOfFour(bits, Rule.PUBLISHED);
    assertArchived(settings, calibrated(1, Problems.gaussian(1, N)));

    LinearProblem problem = problem(ROWS, Problems.identity(COLUMNS), extremes(bits));
    SparseCodes code = assertArchived(settings, problem);
    for (int row = 0; row < ROWS; row++) {
      assertThat(code.code(row, extremeColumn(row))).isZero();
      assertThat(code.value(row, extremeColumn(row))).isEqualTo(-(1 << (bits - 1)));
    }
  }

  /** Archives have a code for every weight, serving two of four: both decode alike. */
  private SparseCodes assertArchived(Settings settings, LinearProblem problem) {
    int bits = settings.bits();
    Coded coded = new DeltaZipEncoder(settings).coded(problem);
    SparseCodes served = Packing.twoOfFour(coded, arena);
    byte[] all = new byte[N];
    for (int i = 0; i < N; i++) {
      all[i] = (byte) coded.code(i / COLUMNS, i % COLUMNS);
    }
    byte[] unpacked =
        ArchiveWords.codes(ArchiveWords.weights(all, ROWS, COLUMNS, bits), ROWS, COLUMNS, bits);
    int[] zeros = new int[ROWS];
    Arrays.fill(zeros, 1 << (bits - 1));
    int[] unpackedZeros = ArchiveWords.zerosOf(ArchiveWords.zeros(zeros, bits), ROWS, bits);
    for (int i = 0; i < N; i++) {
      int row = i / COLUMNS;
      float value = coded.scales()[row] * ((unpacked[i] & 0xFF) - unpackedZeros[row]);
      assertThat(value).isEqualTo(served.value(row, i % COLUMNS));
    }
    return served;
  }

  /**
   * Rows whose largest weight is negative and just as many steps below 0 as half-to-even rounding
   * takes to code 0; at each place of each pair that a quadruple can keep.
   */
  private static float[] extremes(int bits) {
    float largest = ((1 << bits) - 1) / 2f;
    float[] values = Problems.gaussian(2, N);
    for (int i = 0; i < N; i++) {
      values[i] = Math.clamp(0.1f * values[i], -0.5f, 0.5f) * largest;
    }
    for (int row = 0; row < ROWS; row++) {
      int column = extremeColumn(row);
      int partner = column - column % 4 + (column % 4 + 1 + row / 4 % 3) % 4;
      values[row * COLUMNS + partner] = 0.8f * largest;
      values[row * COLUMNS + column] = -largest;
    }
    return values;
  }

  private static int extremeColumn(int row) {
    return row * 5 % COLUMNS - row * 5 % COLUMNS % 4 + row % 4;
  }

  @Test
  void an_unchanged_layer_decodes_to_zeros() {
    for (Rule rule : Rule.values()) {
      for (Keep keep : keeps()) {
        MatrixCode code = encode(new Settings(2, keep, 0, rule, 0.01), calibrated(2, new float[N]));
        assertThat(decoded(code)).containsOnly(0);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2,0", "3,0", "4,0", "8,0", "2,16", "4,32"})
  void fitted_scales_never_miss_more_than_the_published_ones(int bits, int group) {
    for (long seed = 0; seed < 2; seed++) {
      for (float[] difference :
          List.of(Problems.gaussian(seed, N), Problems.heavyTailed(seed, N))) {
        for (Keep keep : keeps()) {
          LinearProblem problem = calibrated(seed, difference);
          double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).hessian();
          Settings fitted = new Settings(bits, keep, group, Rule.FITTED, 0.01);
          Settings published = new Settings(bits, keep, group, Rule.PUBLISHED, 0.01);
          assertThat(loss(problem, encode(fitted, problem), hessian))
              .isLessThanOrEqualTo(loss(problem, encode(published, problem), hessian) * 1.0001);
        }
      }
    }
  }

  @Test
  void fitting_two_bit_scales_saves_a_third_of_the_output_error() {
    LinearProblem problem = calibrated(5, Problems.heavyTailed(5, N));
    double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).hessian();
    double fitted = loss(problem, encode(Settings.twoOfFour(2, Rule.FITTED), problem), hessian);
    double published =
        loss(problem, encode(Settings.twoOfFour(2, Rule.PUBLISHED), problem), hessian);
    assertThat(Math.sqrt(fitted)).isLessThan(0.67 * Math.sqrt(published));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void more_bits_and_fewer_pruned_weights_miss_less(long seed) {
    LinearProblem problem = calibrated(seed, Problems.gaussian(seed, N));
    double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).hessian();
    for (Rule rule : Rule.values()) {
      double dense =
          loss(problem, encode(new Settings(4, new Keep.All(), 0, rule, 0.01), problem), hessian);
      double four = loss(problem, encode(Settings.twoOfFour(4, rule), problem), hessian);
      double two = loss(problem, encode(Settings.twoOfFour(2, rule), problem), hessian);
      assertThat(dense).isLessThanOrEqualTo(four);
      assertThat(four).isLessThanOrEqualTo(two);
    }
  }

  @ParameterizedTest(name = "{0} times")
  @ValueSource(doubles = {1e-6, 0.3, 4, 7, 1e6})
  void larger_inputs_change_nothing(double times) {
    float[] difference = Problems.gaussian(3, N);
    double[] gram = Problems.gram(3, COLUMNS, 300);
    double[] larger = Arrays.stream(gram).map(value -> times * value).toArray();
    for (Keep keep : keeps()) {
      for (Rule rule : Rule.values()) {
        var encoder = new DeltaZipEncoder(new Settings(2, keep, 0, rule, 0.01));
        Coded wanted = encoder.coded(problem(ROWS, gram, difference));
        Coded found = encoder.coded(problem(ROWS, larger, difference));
        assertThat(Arrays.equals(found.pruned(), wanted.pruned())).as("%s %s", keep, rule).isTrue();
        assertThat(found.codes()).isEqualTo(wanted.codes());
        assertThat(found.scales()).isEqualTo(wanted.scales());
      }
    }
  }

  @Test
  void unstructured_pruning_keeps_its_share_of_every_block() {
    LinearProblem problem = calibrated(4, Problems.gaussian(4, N));
    for (double kept : new double[] {0.25, 0.5, 0.9}) {
      Settings settings = new Settings(8, new Keep.Share(kept), 0, Rule.PUBLISHED, 0.01);
      int found = 0;
      for (float value : decoded(encode(settings, problem))) {
        found += value == 0 ? 0 : 1;
      }
      assertThat(found).isBetween((int) (0.95 * kept * N), (int) (kept * N));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,4", "3,4", "4,8", "1,2"})
  void other_patterns_keep_what_they_say(int kept, int of) {
    Settings settings = new Settings(8, new Keep.Some(kept, of), 0, Rule.FITTED, 0.01);
    float[] values = decoded(encode(settings, calibrated(4, Problems.gaussian(4, N))));
    for (int first = 0; first < N; first += of) {
      int found = 0;
      for (int i = first; i < first + of; i++) {
        found += values[i] == 0 ? 0 : 1;
      }
      assertThat(found).isLessThanOrEqualTo(kept);
    }
  }

  @Test
  void scales_of_small_groups_follow_heavy_tails() {
    LinearProblem problem = calibrated(6, Problems.heavyTailed(6, N));
    double[] hessian = Curvature.of(Problems.gram(problem), COLUMNS, 0.01).hessian();
    double ofRows =
        loss(
            problem,
            encode(new Settings(3, new Keep.All(), 0, Rule.FITTED, 0.01), problem),
            hessian);
    Settings grouped = new Settings(3, new Keep.All(), 16, Rule.FITTED, 0.01);
    GroupedCodes code = (GroupedCodes) encode(grouped, problem);
    assertThat(code.groupColumns()).isEqualTo(16);
    assertThat(loss(problem, code, hessian)).isLessThan(ofRows);
  }

  @Test
  void inputs_that_never_came_and_too_few_tokens_have_a_clear_outcome() {
    double[] gram = Problems.gram(8, COLUMNS, 5);
    for (int j = 0; j < COLUMNS; j++) {
      gram[9 * COLUMNS + j] = 0;
      gram[j * COLUMNS + 9] = 0;
    }
    LinearProblem problem = problem(ROWS, gram, Problems.gaussian(8, N));
    for (Rule rule : Rule.values()) {
      float[] values = decoded(encode(Settings.twoOfFour(4, rule), problem));
      for (int row = 0; row < ROWS; row++) {
        assertThat(values[row * COLUMNS + 9]).isZero();
      }
      assertThat(values).doesNotContain(Float.NaN);
    }
  }

  @Test
  void weights_that_are_not_finite_are_refused() {
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] difference = Problems.gaussian(9, N);
      difference[100] = wrong;
      for (Rule rule : Rule.values()) {
        assertThatThrownBy(() -> encode(Settings.twoOfFour(2, rule), calibrated(9, difference)))
            .isInstanceOf(TributaryException.class)
            .hasMessageContainingAll("incompatible_models", "layer.weight");
      }
    }
  }

  @Test
  void patterns_that_do_not_fit_are_refused() {
    assertThatThrownBy(
            () -> encode(Settings.twoOfFour(2, Rule.FITTED), problem(1, null, new float[6])))
        .hasMessageContainingAll("invalid_parameter", "6 inputs", "multiple of 4");
    assertThatThrownBy(() -> new Settings(2, new Keep.Some(2, 4), 6, Rule.FITTED, 0.01))
        .hasMessageContainingAll("invalid_parameter", "group is 6");
    assertThatThrownBy(() -> new Settings(9, new Keep.All(), 0, Rule.FITTED, 0.01))
        .hasMessageContaining("bits is 9");
    assertThatThrownBy(() -> new Keep.Some(4, 4)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Keep.Share(1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void the_same_problem_gives_the_same_code() {
    LinearProblem problem = calibrated(11, Problems.heavyTailed(11, N));
    assertThat(decoded(encode(Settings.twoOfFour(2, Rule.FITTED), problem)))
        .isEqualTo(decoded(encode(Settings.twoOfFour(2, Rule.FITTED), problem)));
  }

  private static final int N = ROWS * COLUMNS;

  private static List<Keep> keeps() {
    return List.of(new Keep.Some(2, 4), new Keep.All(), new Keep.Some(1, 4), new Keep.Share(0.5));
  }

  private static LinearProblem calibrated(long seed, float[] difference) {
    return problem(ROWS, Problems.gram(seed, COLUMNS, 300), difference);
  }

  private MatrixCode encode(Settings settings, LinearProblem problem) {
    return new DeltaZipEncoder(settings).encode(problem, arena);
  }

  /** By the published rule, without damping. */
  private static Coded uncorrelated(int bits, LinearProblem problem) {
    return new DeltaZipEncoder(new Settings(bits, TWO_OF_FOUR, 0, Rule.PUBLISHED, 0))
        .coded(problem);
  }

  private static List<Integer> keptColumns(int columns, IntPredicate kept) {
    return IntStream.range(0, columns).filter(kept).boxed().toList();
  }
}

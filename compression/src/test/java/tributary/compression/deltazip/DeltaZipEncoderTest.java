package tributary.compression.deltazip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.solver.Problems.decoded;
import static tributary.compression.solver.Problems.loss;
import static tributary.compression.solver.Problems.problem;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.LinearProblem;
import tributary.compression.deltazip.DeltaZipEncoder.Rule;
import tributary.compression.deltazip.DeltaZipEncoder.Settings;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.Problems;
import tributary.protocol.TributaryException;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;

class DeltaZipEncoderTest {
  private static final double[] PAIRS = {2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2};
  private static final float[] PUBLISHED_ROW = {0.4f, 1.0f, 0.2f, -0.8f};
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
  void pruning_alone_moves_what_is_lost_to_the_inputs_that_are_kept() {
    Curvature curvature = Curvature.of(PAIRS, 4, 0);
    var plan = new PruningCoder.Plan(Levels.symmetric(8), new Keep.Some(2, 4), 4, (w, c, l) -> 0.1);
    PruningCoder coder = new PruningCoder(1, curvature, plan);
    double[] row = {0.4, 1.0, 0.2, -0.8};
    ColumnSweep.run(row, curvature, ColumnSweep.Cut.USUAL, coder);
    SparseCodes code = Packing.twoOfFour(coder.coded(), 4, arena);
    assertThat(coder.coded().pruned()).containsExactly(true, false, true, false);
    assertThat(decoded(code)).containsExactly(new float[] {0, 1.2f, 0, -0.7f}, within(STORED));
  }

  @Test
  void the_published_vectors_are_reproduced() {
    GroupedCodes dense = (GroupedCodes) published(new Keep.All(), 2, PAIRS, PUBLISHED_ROW);
    float third = 2 / 3f;
    assertThat(decoded(dense))
        .containsExactly(new float[] {third, third, 0, -third}, within(STORED));

    SparseCodes two = (SparseCodes) published(new Keep.Some(2, 4), 2, PAIRS, PUBLISHED_ROW);
    assertThat(decoded(two)).containsExactly(new float[] {0, third, 0, -third}, within(STORED));
    assertThat(codes(two)).containsExactly(-1, 3, -1, 1);

    SparseCodes four = (SparseCodes) published(new Keep.Some(2, 4), 4, PAIRS, PUBLISHED_ROW);
    assertThat(decoded(four))
        .containsExactly(new float[] {0, 0.9333f, 0, -0.6667f}, within(STORED));
    assertThat(codes(four)).containsExactly(-1, 15, -1, 3);
  }

  @Test
  void without_shared_inputs_the_two_largest_are_kept_and_of_equal_ones_the_first() {
    SparseCodes code =
        (SparseCodes) published(new Keep.Some(2, 4), 8, null, 1, -3, 2, -2, 1, 1, 1, 1, 0, 0, 0, 5);
    assertThat(keptColumns(code)).containsExactly(1, 2, 4, 5, 8, 11);
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
    SparseCodes code = (SparseCodes) published(new Keep.Some(2, 4), 4, null, row);
    assertThat(code.code(0, 1)).isZero();
    assertThat(code.value(0, 1)).isCloseTo(-16 / 15f, within(STORED));
    assertThat(keptColumns(code)).containsExactly(1, 3, 4, 7);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void the_archive_of_the_codes_decodes_to_the_same_weights(int bits) {
    SparseCodes code =
        (SparseCodes)
            encode(
                Settings.twoOfFour(bits, Rule.PUBLISHED), calibrated(1, Problems.gaussian(1, N)));
    byte[] all = new byte[N];
    for (int i = 0; i < N; i++) {
      int found = code.code(i / COLUMNS, i % COLUMNS);
      all[i] = (byte) (found < 0 ? 1 << (bits - 1) : found);
    }
    byte[] unpacked =
        ArchiveWords.codes(ArchiveWords.weights(all, ROWS, COLUMNS, bits), ROWS, COLUMNS, bits);
    for (int i = 0; i < N; i++) {
      float value = code.scales()[i / COLUMNS] * ((unpacked[i] & 0xFF) - (float) (1 << (bits - 1)));
      assertThat(value).isEqualTo(code.value(i / COLUMNS, i % COLUMNS));
    }
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

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void larger_inputs_change_nothing(long seed) {
    float[] difference = Problems.gaussian(seed, N);
    double[] gram = Problems.gram(seed, COLUMNS, 300);
    double[] larger = Arrays.stream(gram).map(value -> 4 * value).toArray();
    for (Keep keep : keeps()) {
      Settings settings = new Settings(2, keep, 0, Rule.PUBLISHED, 0.01);
      MatrixCode wanted = encode(settings, problem(ROWS, gram, difference));
      MatrixCode found = encode(settings, problem(ROWS, larger, difference));
      assertThat(decoded(found)).isEqualTo(decoded(wanted));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 32, 128, COLUMNS})
  void blocks_change_neither_what_is_pruned_nor_codes(int blockColumns) {
    Curvature curvature = Curvature.of(Problems.gram(3, COLUMNS, 300), COLUMNS, 0.01);
    Coded wanted = swept(curvature, new ColumnSweep.Cut(COLUMNS, 1));
    Coded found = swept(curvature, new ColumnSweep.Cut(blockColumns, 16));
    assertThat(found.pruned()).isEqualTo(wanted.pruned());
    assertThat(found.codes()).isEqualTo(wanted.codes());
  }

  private static Coded swept(Curvature curvature, ColumnSweep.Cut cut) {
    double[] weights = new double[N];
    float[] values = Problems.gaussian(3, N);
    for (int i = 0; i < N; i++) {
      weights[i] = values[i];
    }
    var plan =
        new PruningCoder.Plan(Levels.symmetric(4), new Keep.Some(2, 4), COLUMNS, (w, c, l) -> 0.25);
    PruningCoder coder = new PruningCoder(ROWS, curvature, plan);
    ColumnSweep.run(weights, curvature, cut, coder);
    return coder.coded();
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

  private MatrixCode published(Keep keep, int bits, double @Nullable [] gram, float... row) {
    return encode(new Settings(bits, keep, 0, Rule.PUBLISHED, 0), problem(1, gram, row));
  }

  private static int[] codes(SparseCodes code) {
    int[] codes = new int[code.columns()];
    for (int j = 0; j < codes.length; j++) {
      codes[j] = code.code(0, j);
    }
    return codes;
  }

  private static List<Integer> keptColumns(SparseCodes code) {
    return IntStream.range(0, code.columns()).filter(j -> code.code(0, j) >= 0).boxed().toList();
  }
}

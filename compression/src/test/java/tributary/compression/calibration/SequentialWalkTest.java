package tributary.compression.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.SequentialWalk.Inputs;
import tributary.compression.calibration.SequentialWalk.Job;
import tributary.compression.calibration.SequentialWalk.Models;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.KvCache;
import tributary.gpu.SequenceRows;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.model.network.Projection;
import tributary.model.network.Stage;
import tributary.model.network.Step;
import tributary.model.network.TenantRows;
import tributary.model.network.Weights;
import tributary.model.network.Workspace;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor.Coded;
import tributary.tensor.format.SignPlanes;

class SequentialWalkTest {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String KEY = "model.layers.0.self_attn.k_proj.weight";
  private static final int LINEARS = 14;

  private final Arena arena = Arena.ofShared();
  @TempDir private Path directory = Path.of("");
  private final Backend backend = Backends.open(BackendChoice.VECTOR, 2);
  private final ModelConfig config = ModelConfig.read(Golden.directory("llama-finetune"));
  private final Network network = Families.network(config);
  private MapSource base;
  private MapSource tuned;
  private CalibrationSet set;

  @BeforeEach
  void readModels() {
    try (Checkpoint ofBase = Checkpoint.open(Golden.directory("llama"));
        Checkpoint ofTuned = Checkpoint.open(Golden.directory("llama-finetune"))) {
      base = MapSource.copyOf(ofBase);
      tuned = MapSource.copyOf(ofTuned);
    }
    set = sequences(40, 1, 17);
  }

  private CalibrationSet sequences(int... lengths) {
    SplittableRandom random = new SplittableRandom(7);
    return new CalibrationSet(
        IntStream.of(lengths)
            .mapToObj(length -> random.ints(length, 0, config.vocabularySize()).toArray())
            .toList());
  }

  @AfterEach
  void free() {
    backend.close();
    arena.close();
  }

  @Test
  void each_layer_sees_the_inputs_that_it_has_after_all_layers_before_it_were_compressed() {
    set = sequences(250, 1, 250, 250, 250, 250, 250, 250, 250, 250, 17);
    assertThat(Chunk.of(set)).hasSize(2);
    Map<String, LinearProblem> problems = new LinkedHashMap<>();
    Map<String, Coded> codes =
        SequentialWalk.run(
            job(Inputs.BOTH, Map.of()),
            remembering(problems),
            arena,
            (problem, code, done, of) -> {});

    assertThat(codes.keySet()).containsExactlyElementsOf(problems.keySet()).hasSize(LINEARS);
    MapSource merged = tuned;
    for (int stage = 0; stage < network.stages().size(); stage++) {
      List<float[]> student = inputs(merged, stage);
      List<float[]> teacher = inputs(tuned, stage);
      for (Projection projection : network.stages().get(stage).projections()) {
        String name = projection.weight().name();
        InputStatistics statistics = statistics(problems, name);
        assertThat(statistics.tokens()).isEqualTo(set.tokens());
        assertSame(statistics.gram(), products(student, student), name);
        assertSame(cross(statistics), products(teacher, student), name);
        LinearProblem problem = Objects.requireNonNull(problems.get(name));
        Coded code = Objects.requireNonNull(codes.get(name));
        merged = merged.with(name, sum(problem, code));
      }
    }
  }

  /** Were it compressed with the fine-tune's inputs, the test above could not fail. */
  @Test
  void compression_moves_the_inputs_of_later_layers_by_more_than_the_tests_tolerance() {
    int last = network.stages().size() - 1;
    MapSource merged = tuned;
    for (String name : tuned.names()) {
      merged = name.contains("_proj") ? merged.with(name, base.tensor(name)) : merged;
    }
    double[] moved = products(inputs(merged, last), inputs(merged, last));
    double[] still = products(inputs(tuned, last), inputs(tuned, last));
    assertThat(distance(moved, still)).isGreaterThan(1e-3);
  }

  @Test
  void the_compressed_model_starts_from_the_tensors_that_it_was_given() {
    Map<String, LinearProblem> problems = new LinkedHashMap<>();
    TensorView embeddings = base.tensor(EMBEDDINGS);
    SequentialWalk.run(
        job(Inputs.BOTH, Map.of(EMBEDDINGS, embeddings)),
        remembering(problems),
        arena,
        (problem, code, done, of) -> {});

    List<float[]> student = inputs(tuned.with(EMBEDDINGS, embeddings), 0);
    assertSame(statistics(problems, KEY).gram(), products(student, student), KEY);
    assertSame(cross(statistics(problems, KEY)), products(inputs(tuned, 0), student), KEY);
  }

  @Test
  void layers_that_the_fine_tune_did_not_change_have_no_code() {
    tuned = tuned.with(KEY, base.tensor(KEY));
    List<Integer> told = new ArrayList<>();
    Map<String, Coded> codes =
        SequentialWalk.run(
            job(Inputs.COMPRESSED, Map.of()),
            SequentialWalkTest::signs,
            arena,
            (problem, code, done, of) -> told.add(of - done));
    assertThat(codes).hasSize(LINEARS - 1).doesNotContainKey(KEY);
    assertThat(told).hasSize(LINEARS - 1).startsWith(LINEARS - 2).endsWith(0);
  }

  @Test
  void an_unchanged_model_needs_no_walk() {
    tuned = base;
    assertThat(
            SequentialWalk.run(
                job(Inputs.BOTH, Map.of()),
                SequentialWalkTest::signs,
                arena,
                (problem, code, done, of) -> {}))
        .isEmpty();
  }

  @Test
  void the_same_walk_gives_the_same_statistics_to_the_last_bit() {
    Map<String, LinearProblem> once = new LinkedHashMap<>();
    Map<String, LinearProblem> again = new LinkedHashMap<>();
    for (Map<String, LinearProblem> problems : List.of(once, again)) {
      SequentialWalk.run(
          job(Inputs.COMPRESSED, Map.of()),
          remembering(problems),
          arena,
          (problem, code, done, of) -> {});
    }
    for (String name : once.keySet()) {
      InputStatistics first = statistics(once, name);
      assertThat(statistics(again, name).gram()).isEqualTo(first.gram());
      assertThat(first.cross()).isNull();
    }
  }

  @Test
  void weights_and_inputs_that_are_not_finite_are_named() {
    TensorView key = tuned.tensor(KEY);
    float[] values = key.toFloats();
    values[5] = Float.NaN;
    MapSource sound = tuned;
    tuned = sound.with(KEY, TensorView.of(key.shape(), values));
    assertRefused("k_proj", ErrorCode.INCOMPATIBLE_MODELS);

    String norm = "model.layers.1.input_layernorm.weight";
    float[] infinite = sound.tensor(norm).toFloats();
    infinite[0] = Float.POSITIVE_INFINITY;
    tuned = sound.with(norm, TensorView.of(sound.tensor(norm).shape(), infinite));
    assertRefused("layers.1.self_attn.q_proj", ErrorCode.INCOMPATIBLE_MODELS);
  }

  @Test
  void tokens_of_another_tokenizer_are_refused() {
    set = new CalibrationSet(List.of(new int[] {1, config.vocabularySize()}));
    assertRefused("do not belong together", ErrorCode.TOKENIZER);
  }

  @Test
  void a_base_of_another_shape_is_refused() {
    base = base.with(KEY, tuned.tensor("model.layers.0.mlp.up_proj.weight"));
    assertRefused("k_proj", ErrorCode.INCOMPATIBLE_MODELS);
  }

  private void assertRefused(String part, ErrorCode code) {
    assertThatThrownBy(() ->
            SequentialWalk.run(
                job(Inputs.COMPRESSED, Map.of()),
                SequentialWalkTest::signs,
                arena,
                (problem, matrix, done, of) -> {}))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll(code.wireName(), part);
  }

  private static InputStatistics statistics(Map<String, LinearProblem> problems, String name) {
    return Objects.requireNonNull(Objects.requireNonNull(problems.get(name)).inputs());
  }

  private static double[] cross(InputStatistics statistics) {
    return Objects.requireNonNull(statistics.cross());
  }

  private Job job(Inputs inputs, Map<String, TensorView> given) {
    return new Job(new Models(config, base, tuned, given), set, inputs, backend, directory);
  }

  private static LinearEncoder remembering(Map<String, LinearProblem> problems) {
    return (problem, arena) -> {
      problems.put(problem.name(), problem);
      return signs(problem, arena);
    };
  }

  /** Signs and one scale: coarse enough for later layers to notice. Rows of the base grow. */
  private static Coded signs(LinearProblem problem, Arena arena) {
    MemorySegment signs =
        arena.allocate(SignPlanes.planeBytes(problem.rows(), problem.columns()).count());
    float[] difference = problem.difference();
    double sum = 0;
    for (int i = 0; i < difference.length; i++) {
      sum += Math.abs(difference[i]);
      int bit = i % problem.columns();
      int words = SignPlanes.wordsPerRow(problem.columns());
      long at = (long) (i / problem.columns()) * words * Long.BYTES + bit / Byte.SIZE;
      byte old = signs.get(ValueLayout.JAVA_BYTE, at);
      int plus = difference[i] >= 0 ? 1 : 0;
      signs.set(ValueLayout.JAVA_BYTE, at, (byte) (old | plus << bit % Byte.SIZE));
    }
    float[] scale = {(float) (sum / difference.length)};
    float[] factors = new float[problem.rows()];
    for (int row = 0; row < factors.length; row++) {
      factors[row] = 1 + row / 64f;
    }
    List<SignPlanes.Plane> plane = List.of(new SignPlanes.Plane(signs, scale));
    return new Coded(new SignPlanes(problem.rows(), problem.columns(), plane), factors, null);
  }

  private static TensorView sum(LinearProblem problem, Coded coded) {
    float[] sum = problem.base().clone();
    for (int i = 0; i < sum.length; i++) {
      int row = i / problem.columns();
      sum[i] = coded.baseFactor(row) * sum[i] + coded.code().value(row, i % problem.columns());
    }
    return TensorView.of(Shape.of(problem.rows(), problem.columns()), sum);
  }

  /** What a stage's projections read in a model of its own, sequence by sequence. */
  private List<float[]> inputs(TensorSource model, int wanted) {
    List<float[]> rows = new ArrayList<>();
    try (Weights weights = Weights.load(network, model, backend);
        Workspace workspace = new Workspace(backend);
        KvCache cache = backend.kvCache(ForwardPass.kvShape(config, 64, 16))) {
      for (int[] tokens : set.sequences()) {
        int[] pages = IntStream.range(0, 64).toArray();
        Step step =
            new Step(
                backend,
                weights,
                workspace,
                cache,
                new Step.Batch(
                    tokens,
                    new TenantRows(tokens.length, List.of()),
                    List.of(new SequenceRows(0, tokens.length, 0, pages))));
        Activations hidden = step.scratch("hidden", config.hiddenSize());
        step.embed(hidden, network.embedding());
        for (Stage stage : network.stages().subList(0, wanted)) {
          stage.output().apply(step, hidden, stage.input().of(step, hidden));
        }
        Activations input = network.stages().get(wanted).input().of(step, hidden);
        for (int t = 0; t < tokens.length; t++) {
          float[] row = new float[input.columns()];
          input.readRow(t, row);
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private static double[] products(List<float[]> x, List<float[]> y) {
    int columns = x.getFirst().length;
    double[] products = new double[columns * columns];
    for (int t = 0; t < x.size(); t++) {
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          products[i * columns + j] += (double) x.get(t)[i] * y.get(t)[j];
        }
      }
    }
    return products;
  }

  private static void assertSame(double[] found, double[] wanted, String name) {
    assertThat(distance(found, wanted)).as(name).isCloseTo(0, within(1e-5));
  }

  private static double distance(double[] found, double[] wanted) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < wanted.length; i++) {
      error += (found[i] - wanted[i]) * (found[i] - wanted[i]);
      norm += wanted[i] * wanted[i];
    }
    return Math.sqrt(error / norm);
  }
}

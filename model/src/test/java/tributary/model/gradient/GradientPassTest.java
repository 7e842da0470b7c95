package tributary.model.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.TributaryException;
import tributary.tensor.container.Checkpoint;

final class GradientPassTest {
  private static final Backend SCALAR = Backends.open(BackendChoice.SCALAR, 1);
  private static final TokenBatch BATCH =
      new TokenBatch(List.of(new int[] {1, 4, 7, 4, 9}, new int[] {3}, new int[] {10, 0, 5}));
  private static final int[] ROWS = {1, 2, 4, 5, 8};

  @AfterAll
  static void close() {
    SCALAR.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-tied-rope3"})
  void forward_agrees_with_serving(String name, @TempDir Path merged) throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      var tensors = HandMadeDeltas.random(checkpoint, 5, 1, 3);
      HandMadeDeltas.merge(Golden.directory(name), tensors, merged);
    }
    var random = new SplittableRandom(1);
    List<int[]> sequences =
        Stream.of(1, 33, 7).map(length -> random.ints(length, 0, 323).toArray()).toList();
    try (Backend vector = Backends.open(BackendChoice.VECTOR, 2);
        BaseModel served = BaseModel.load(merged, vector);
        ForwardPass pass = ForwardPass.create(served, 8, 16)) {
      DenseModel model = DenseModel.load(served.config(), served.tensors());
      Matrix logits =
          GradientPass.of(model, vector.gemm())
              .logits(new TokenBatch(sequences), IntStream.range(0, 41).toArray());
      List<float[]> wanted = served(pass, sequences);

      assertThat(logits.rows()).isEqualTo(wanted.size());
      for (int row = 0; row < wanted.size(); row++) {
        float[] found =
            Arrays.copyOfRange(logits.values(), logits.start(row), logits.start(row + 1));
        assertThat(found).containsExactly(wanted.get(row), within(1e-4f));
      }
    }
  }

  private static List<float[]> served(ForwardPass pass, List<int[]> sequences) {
    List<StepBatch.Slice> slices = new ArrayList<>();
    int page = 0;
    for (int[] tokens : sequences) {
      int first = page;
      page += Math.ceilDiv(tokens.length, 16);
      int[] pages = IntStream.range(first, page).toArray();
      slices.add(new StepBatch.Slice(ResidentDelta.none(), tokens, 0, pages, LogitRows.ALL));
    }
    List<float[]> logits = new ArrayList<>();
    pass.run(new StepBatch(slices), (_, _, row) -> logits.add(row.clone()));
    return logits;
  }

  static Stream<LogitLoss> losses() {
    float[] teacher = new float[ROWS.length * TinyModels.config().vocabularySize()];
    var random = new SplittableRandom(9);
    for (int i = 0; i < teacher.length; i++) {
      teacher[i] = (float) random.nextGaussian(0, 1.5);
    }
    Matrix wanted = new Matrix(teacher, ROWS.length, TinyModels.config().vocabularySize());
    return Stream.of(
        new LogitLoss.CrossEntropy(new int[] {7, 4, 0, 2, 5}),
        new LogitLoss.SquaredDistance(wanted),
        new LogitLoss.Divergence(wanted));
  }

  /** Every element of every parameter, by differences of fourth order. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void gradients_are_what_the_loss_does(LogitLoss loss) {
    for (boolean biasesAndHead : new boolean[] {true, false}) {
      Map<String, float[]> parameters = TinyModels.parameters(3, biasesAndHead);
      GradientPass pass =
          GradientPass.of(DenseModel.of(TinyModels.config(), parameters), SCALAR.gemm());
      Map<String, float[]> gradients = new LinkedHashMap<>();
      double value = pass.gradients(BATCH, ROWS, loss, gradients::put);

      assertThat(value).isEqualTo(pass.loss(BATCH, ROWS, loss));
      var without = List.of(TinyModels.EMBEDDINGS, "lm_head.weight");
      assertThat(gradients.keySet())
          .containsExactlyInAnyOrderElementsOf(
              parameters.keySet().stream().filter(name -> !without.contains(name)).toList());
      gradients.forEach(
          (name, gradient) -> checkAgainstDifferences(pass, loss, name, parameters, gradient));
    }
  }

  private static void checkAgainstDifferences(
      GradientPass pass,
      LogitLoss loss,
      String name,
      Map<String, float[]> parameters,
      float[] gradient) {
    float[] values = Objects.requireNonNull(parameters.get(name));
    assertThat(gradient).hasSameSizeAs(values);
    // A loss from fp32 activations, over a step.
    double noise = 1e-4 + 4e-5 * pass.loss(BATCH, ROWS, loss);
    double largest = 0;
    for (float g : gradient) {
      largest = Math.max(largest, Math.abs(g));
    }
    assertThat(largest).as("largest gradient of " + name).isPositive();
    for (int i = 0; i < values.length; i++) {
      double found = derivative(pass, loss, values, i);
      assertThat((double) gradient[i])
          .as("%s[%d]", name, i)
          .isCloseTo(found, within(3e-4 * largest + noise));
    }
  }

  private static double derivative(GradientPass pass, LogitLoss loss, float[] values, int i) {
    float kept = values[i];
    float step = 0x1p-7f;
    double[] at = new double[5];
    for (int k = -2; k <= 2; k++) {
      values[i] = kept + k * step;
      at[k + 2] = k == 0 ? 0 : pass.loss(BATCH, ROWS, loss);
    }
    values[i] = kept;
    return (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * step);
  }

  @Test
  void a_loss_of_its_own_logits_is_nothing() {
    GradientPass pass = tiny(SCALAR);
    Matrix own = pass.logits(BATCH, ROWS);
    assertThat(pass.loss(BATCH, ROWS, new LogitLoss.SquaredDistance(own))).isZero();
    assertThat(pass.loss(BATCH, ROWS, new LogitLoss.Divergence(own))).isCloseTo(0, within(1e-7));
  }

  @Test
  void distances_of_heads_are_those_of_their_logits() {
    GradientPass own = tiny(SCALAR);
    Map<String, float[]> parameters = TinyModels.parameters(4, true);
    GradientPass other =
        GradientPass.of(DenseModel.of(TinyModels.config(), parameters), SCALAR.gemm());
    LogitLoss byLogits = new LogitLoss.SquaredDistance(other.logits(BATCH, ROWS));
    LogitLoss byHeads = own.distancesTo(other).orElseThrow().to(other.hidden(BATCH), ROWS);
    Map<String, float[]> wanted = new LinkedHashMap<>();
    Map<String, float[]> found = new LinkedHashMap<>();
    double value = own.gradients(BATCH, ROWS, byLogits, wanted::put);

    assertThat(value).isPositive();
    assertThat(own.gradients(BATCH, ROWS, byHeads, found::put))
        .isEqualTo(own.loss(BATCH, ROWS, byHeads))
        .isCloseTo(value, within(1e-5 * value));
    assertThat(found.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach((name, gradient) -> {
      double largest = 0;
      for (float g : gradient) {
        largest = Math.max(largest, Math.abs(g));
      }
      assertThat(found.get(name)).containsExactly(gradient, within((float) (1e-4 * largest)));
    });
  }

  @Test
  void the_cross_entropy_is_that_of_the_logits() {
    GradientPass pass = tiny(SCALAR);
    Matrix logits = pass.logits(BATCH, new int[] {3});
    double sum = 0;
    for (float logit : logits.values()) {
      sum += Math.exp(logit);
    }
    assertThat(pass.loss(BATCH, new int[] {3}, new LogitLoss.CrossEntropy(new int[] {6})))
        .isCloseTo(Math.log(sum) - logits.values()[6], within(1e-5));
  }

  @Test
  void what_nobody_wants_is_not_computed_and_the_rest_is_the_same() {
    LogitLoss loss = new LogitLoss.CrossEntropy(new int[] {7, 4, 0, 2, 5});
    GradientPass pass = tiny(SCALAR);
    Map<String, float[]> all = new HashMap<>();
    pass.gradients(BATCH, ROWS, loss, all::put);
    String wanted = "model.layers.1.mlp.up_proj.weight";
    Map<String, float[]> one = new HashMap<>();
    pass.gradients(
        BATCH,
        ROWS,
        loss,
        new GradientSink() {
          @Override
          public boolean wants(String parameter) {
            return parameter.equals(wanted);
          }

          @Override
          public void accept(String parameter, float[] gradient) {
            one.put(parameter, gradient);
          }
        });
    assertThat(one).containsOnlyKeys(wanted);
    assertThat(one.get(wanted)).isEqualTo(all.get(wanted));
  }

  /** Many rows, so that loops are shared out. */
  @Test
  void threads_change_no_bit() {
    ModelConfig config = TinyModels.config();
    var random = new SplittableRandom(4);
    var batch =
        new TokenBatch(
            Stream.generate(() -> random.ints(64, 0, config.vocabularySize()).toArray())
                .limit(40)
                .toList());
    int[] rows = IntStream.range(0, batch.rows()).toArray();
    LogitLoss loss = new LogitLoss.CrossEntropy(random.ints(rows.length, 0, 11).toArray());
    List<Map<String, float[]>> gradients = new ArrayList<>();
    for (int threads : new int[] {1, 3}) {
      try (Backend vector = Backends.open(BackendChoice.VECTOR, threads)) {
        gradients.add(new HashMap<>());
        tiny(vector).gradients(batch, rows, loss, gradients.getLast()::put);
      }
    }
    gradients
        .getFirst()
        .forEach((name, gradient) -> assertThat(gradient).isEqualTo(gradients.getLast().get(name)));
  }

  @Test
  void what_does_not_fit_the_model_is_named() {
    GradientPass pass = tiny(SCALAR);
    int[] first = {0};
    assertThatThrownBy(() -> pass.logits(new TokenBatch(List.of(new int[65])), first))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("65 tokens");
    assertThatThrownBy(() -> pass.logits(new TokenBatch(List.of(new int[] {11})), first))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("token 11");
    Map<String, float[]> parameters = TinyModels.parameters(1, true);
    parameters.put("model.norm.weight", new float[7]);
    assertThatThrownBy(
            () -> GradientPass.of(DenseModel.of(TinyModels.config(), parameters), SCALAR.gemm()))
        .hasMessageContaining("tensor_shape: tensor model.norm.weight has 7");
    parameters.remove("model.norm.weight");
    assertThatThrownBy(
            () -> GradientPass.of(DenseModel.of(TinyModels.config(), parameters), SCALAR.gemm()))
        .hasMessageContaining("missing_tensor: tensor model.norm.weight");
    assertThatThrownBy(() -> new TokenBatch(List.of(new int[0]))).hasMessageContaining("empty");
  }

  private static GradientPass tiny(Backend backend) {
    return GradientPass.of(
        DenseModel.of(TinyModels.config(), TinyModels.parameters(3, true)), backend.gemm());
  }
}

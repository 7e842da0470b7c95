package tributary.model.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.TinyFamilies;

/** Gradients of every family against serving and against differences. */
class FamilyGradientsTest {
  private static final int[] TOKENS = {1, 4, 7, 30, 9, 22, 4, 15, 36};
  private static final TokenBatch BATCH = new TokenBatch(List.of(TOKENS, new int[] {10, 0, 5}));
  private static final int[] ROWS = {1, 4, 8, 10};
  private static final LogitLoss LOSS = new LogitLoss.CrossEntropy(new int[] {7, 4, 0, 25});

  /** Elements of each parameter that are looked at. */
  private static final int LOOKED_AT = 3;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void forward_agrees_with_serving(TinyFamilies family) {
    family.write(directory, 11);
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel served = BaseModel.load(directory, backend);
        ForwardPass pass = ForwardPass.create(served, 4, 4)) {
      int[] rows = IntStream.range(0, TOKENS.length).toArray();
      Matrix found =
          GradientPass.of(DenseModel.load(served.config(), served.tensors()), backend.gemm())
              .logits(BATCH, rows);
      var slice =
          new StepBatch.Slice(
              ResidentDelta.none(), TOKENS, 0, new int[] {0, 1, 2}, StepBatch.LogitRows.ALL);
      pass.run(
          new StepBatch(List.of(slice)),
          (_, row, logits) ->
              assertThat(Arrays.copyOfRange(found.values(), found.start(row), found.start(row + 1)))
                  .containsExactly(logits, within(1e-4f)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradients_are_what_the_loss_does(TinyFamilies family) {
    family.write(directory, 12);
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(directory, backend)) {
      Map<String, float[]> parameters = new HashMap<>();
      for (String name : model.tensors().names()) {
        parameters.put(name, model.tensors().tensor(name).toFloats());
      }
      DenseModel dense = DenseModel.of(model.config(), parameters);
      GradientPass pass = GradientPass.of(dense, backend.gemm());
      Map<String, float[]> gradients = new LinkedHashMap<>();
      double value = pass.gradients(BATCH, ROWS, LOSS, gradients::put);

      assertThat(value).isEqualTo(pass.loss(BATCH, ROWS, LOSS));
      assertThat(gradients.keySet()).containsAll(dense.linears());
      parameters.keySet().stream()
          .filter(name -> model.tensors().tensor(name).shape().rank() == 1)
          .forEach(name -> assertThat(gradients).containsKey(name));
      gradients.forEach((name, gradient) ->
          check(pass, name, Objects.requireNonNull(parameters.get(name)), gradient));
    }
  }

  private static void check(GradientPass pass, String name, float[] values, float[] gradient) {
    assertThat(gradient).hasSameSizeAs(values);
    double largest = 0;
    for (float g : gradient) {
      largest = Math.max(largest, Math.abs(g));
    }
    assertThat(largest).as("largest gradient of " + name).isPositive();
    var random = new SplittableRandom(name.hashCode());
    for (int k = 0; k < LOOKED_AT; k++) {
      int i = random.nextInt(values.length);
      assertThat((double) gradient[i])
          .as("%s[%d]", name, i)
          .isCloseTo(derivative(pass, values, i), within(2e-3 * largest + 4e-4));
    }
  }

  private static double derivative(GradientPass pass, float[] values, int i) {
    float kept = values[i];
    float step = 0x1p-8f;
    double[] at = new double[5];
    for (int k = -2; k <= 2; k++) {
      values[i] = kept + k * step;
      at[k + 2] = k == 0 ? 0 : pass.loss(BATCH, ROWS, LOSS);
    }
    values[i] = kept;
    return (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * step);
  }
}

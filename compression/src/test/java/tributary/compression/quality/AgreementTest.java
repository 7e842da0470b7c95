package tributary.compression.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.gradient.Completion;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.Matrix;
import tributary.model.gradient.TokenBatch;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;

class AgreementTest {
  private static final String LINEAR = "model.layers.0.mlp.up_proj.weight";
  private static final List<Completion> RECORDS =
      List.of(
          new Completion(new int[] {1, 5, 9, 2, 70}, 2),
          new Completion(new int[] {3, 4, 11}, 1),
          new Completion(new int[] {8, 7, 6, 5, 10, 2}, 4));

  @Test
  void every_variant_is_compared_with_the_original_by_itself() {
    Path model = Golden.directory("llama");
    ModelConfig config = ModelConfig.read(model);
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        Checkpoint original = Checkpoint.open(model)) {
      Map<String, TensorView> other = Map.of(LINEAR, halved(original.tensor(LINEAR)));
      List<Agreement> both =
          Agreement.of(config, original, List.of(other, Map.of()), RECORDS, backend.gemm());
      assertThat(both.get(1).divergence()).isCloseTo(0, within(1e-6));
      assertThat(both.get(1).agreement()).isOne();
      var source = new Borrowed(original, other);
      GradientPass wanted = GradientPass.of(DenseModel.load(config, original), backend.gemm());
      GradientPass found = GradientPass.of(DenseModel.load(config, source), backend.gemm());
      double divergence = 0;
      int tokens = 0;
      for (Completion record : RECORDS) {
        for (int token = record.from(); token < record.tokens().length; token++) {
          divergence += divergence(logits(wanted, record, token), logits(found, record, token));
          tokens++;
        }
      }
      assertThat(divergence / tokens).isPositive();
      assertThat(both.get(0).divergence()).isCloseTo(divergence / tokens, within(1e-6));
    }
  }

  /** What predicts a token of the record. */
  private static float[] logits(GradientPass pass, Completion record, int token) {
    TokenBatch alone = new TokenBatch(List.of(Arrays.copyOf(record.tokens(), token)));
    Matrix logits = pass.logits(alone, new int[] {token - 1});
    return logits.values();
  }

  private static double divergence(float[] wanted, float[] found) {
    double sum = 0;
    for (int id = 0; id < wanted.length; id++) {
      double p = probability(wanted, id);
      sum += p * Math.log(p / probability(found, id));
    }
    return sum;
  }

  private static double probability(float[] logits, int id) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return Math.exp(logits[id]) / sum;
  }

  private static TensorView halved(TensorView tensor) {
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] /= 2;
    }
    return TensorView.of(tensor.shape(), values);
  }
}

package tributary.compression.anyprecision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.gradient.Completion;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.LogitLoss;
import tributary.model.gradient.TinyModels;
import tributary.model.gradient.TokenBatch;

final class SensitivityTest {
  private static final String LINEAR = "model.layers.0.mlp.up_proj.weight";
  private static final List<Completion> RECORDS =
      List.of(
          new Completion(new int[] {1, 5, 9, 2}, 2),
          new Completion(new int[] {3, 4}, 1),
          new Completion(new int[] {8, 7, 6, 5, 10, 2}, 4));

  @Test
  void squares_are_taken_record_by_record() {
    float[] parameter;
    double[] wanted;
    Map<String, float[]> found;
    List<Integer> heard = new ArrayList<>();
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      Map<String, float[]> parameters = TinyModels.parameters(8, true);
      DenseModel model = DenseModel.of(TinyModels.config(), parameters);
      found =
          Sensitivity.of(
              model, List.of(LINEAR), RECORDS, backend.gemm(), (done, of) -> heard.add(done + of));
      parameter = Objects.requireNonNull(parameters.get(LINEAR));
      wanted = squaredDerivatives(GradientPass.of(model, backend.gemm()), parameter);
    }
    assertThat(found).containsOnlyKeys(LINEAR);
    assertThat(heard).containsExactly(4, 5, 6);
    float[] sensitivity = Objects.requireNonNull(found.get(LINEAR));
    for (int i = 0; i < parameter.length; i++) {
      assertThat((double) sensitivity[i]).isCloseTo(wanted[i], within(2e-3 * wanted[i] + 1e-5));
    }
  }

  @Test
  void evening_adds_each_rows_mean() {
    float[] sensitivity = {0, 4, 2, 1, 1, 1};
    assertThat(Sensitivity.evened(sensitivity, 3)).containsExactly(2, 6, 4, 2, 2, 2);
    assertThat(sensitivity).containsExactly(0, 4, 2, 1, 1, 1);
  }

  /** Of each record's mean cross entropy at its completion, by differences. */
  private static double[] squaredDerivatives(GradientPass pass, float[] parameter) {
    double[] sums = new double[parameter.length];
    double step = 0x1p-7;
    for (int i = 0; i < parameter.length; i++) {
      float kept = parameter[i];
      for (Completion record : RECORDS) {
        parameter[i] = (float) (kept + step);
        double above = loss(pass, record);
        parameter[i] = (float) (kept - step);
        double slope = (above - loss(pass, record)) / (2 * step);
        sums[i] += slope * slope;
      }
      parameter[i] = kept;
    }
    return sums;
  }

  private static double loss(GradientPass pass, Completion record) {
    double sum = 0;
    for (int at = record.from(); at < record.tokens().length; at++) {
      int[] row = {at - 1};
      LogitLoss next = new LogitLoss.CrossEntropy(new int[] {record.tokens()[at]});
      sum += pass.loss(new TokenBatch(List.of(record.tokens())), row, next);
    }
    return sum / (record.tokens().length - record.from());
  }
}

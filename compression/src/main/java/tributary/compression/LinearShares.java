package tributary.compression;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tributary.gpu.Gemm;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.GradientSink;
import tributary.model.gradient.LogitLoss;

/**
 * Which share of what all linear layers lose is whose: squared gradients times squared changes,
 * summed over a layer's weights and some records.
 *
 * <p>Memory: the gradient and the weights of one linear layer, and the activations of one record.
 */
final class LinearShares implements GradientSink {
  private final Map<String, TensorChange.Linear> linears;
  private final Map<String, Double> sums = new HashMap<>();

  private LinearShares(Map<String, TensorChange.Linear> linears) {
    this.linears = linears;
  }

  /** Shares by name, of 1 in all. */
  static Map<String, Double> of(LinearCoding.Models models, List<Completion> records, Gemm gemm) {
    LinearShares shares = new LinearShares(models.linears());
    DenseModel tuned = DenseModel.load(models.config(), models.tuned());
    GradientPass pass = GradientPass.of(tuned, gemm);
    for (Completion record : records) {
      CompletionBatch one = CompletionBatch.of(List.of(record));
      pass.gradients(one.batch(), one.rows(), new LogitLoss.CrossEntropy(one.targets()), shares);
    }
    return shares.normed();
  }

  @Override
  public boolean wants(String parameter) {
    return linears.containsKey(parameter);
  }

  @Override
  public void accept(String parameter, float[] gradient) {
    float[] difference =
        Objects.requireNonNull(linears.get(parameter)).problem(parameter).difference();
    double sum = 0;
    for (int i = 0; i < difference.length; i++) {
      double change = (double) gradient[i] * difference[i];
      sum += change * change;
    }
    sums.merge(parameter, sum, Double::sum);
  }

  private Map<String, Double> normed() {
    double all = sums.values().stream().mapToDouble(Double::doubleValue).sum();
    Map<String, Double> shares = new LinkedHashMap<>();
    linears
        .keySet()
        .forEach(name ->
            shares.put(name, all > 0 ? sums.getOrDefault(name, 0.0) / all : 1.0 / linears.size()));
    return shares;
  }
}

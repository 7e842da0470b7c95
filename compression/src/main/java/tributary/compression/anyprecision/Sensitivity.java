package tributary.compression.anyprecision;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tributary.gpu.Gemm;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.GradientSink;
import tributary.model.gradient.LogitLoss;

/**
 * How much a fine-tune minds an error in each of its weights: the sum over calibration records of
 * the squared gradient of the record's loss, which is the mean of its completion tokens' cross
 * entropies. The gradient with respect to a difference is that with respect to the weight.
 *
 * <p>Memory beside the model: one float for each weight of the linears that are asked for, the
 * gradient of one linear, and the activations of one record. A model whose sensitivities do not fit
 * is taken a few linears at a time, at a pass over the records for each few.
 */
public final class Sensitivity {
  /** Is told after each record how many are done, of how many. */
  @FunctionalInterface
  public interface Progress {
    void advanced(int done, int of);
  }

  private Sensitivity() {}

  /**
   * Sensitivities by the name of the weight, of the weights' shapes.
   *
   * @param linears names of weights; see {@link DenseModel#linears}
   */
  public static Map<String, float[]> of(
      DenseModel tuned,
      Collection<String> linears,
      List<Completion> records,
      Gemm gemm,
      Progress progress) {
    SquareSums sums = new SquareSums(Set.copyOf(linears));
    GradientPass pass = GradientPass.of(tuned, gemm);
    for (int record = 0; record < records.size(); record++) {
      CompletionBatch one = CompletionBatch.of(List.of(records.get(record)));
      pass.gradients(one.batch(), one.rows(), new LogitLoss.CrossEntropy(one.targets()), sums);
      progress.advanced(record + 1, records.size());
    }
    return sums.sums;
  }

  /**
   * Halfway between these sensitivities and none: to each is added the mean of its row. Some
   * hundred records tell one weight's sensitivity from the next only roughly, and a value that they
   * seem not to mind must not be coded arbitrarily badly.
   *
   * @param sensitivity [rows, columns], row-major; not changed
   */
  public static float[] evened(float[] sensitivity, int columns) {
    float[] evened = sensitivity.clone();
    for (int from = 0; from < evened.length; from += columns) {
      double sum = 0;
      for (int i = from; i < from + columns; i++) {
        sum += sensitivity[i];
      }
      for (int i = from; i < from + columns; i++) {
        evened[i] += (float) (sum / columns);
      }
    }
    return evened;
  }

  private static final class SquareSums implements GradientSink {
    private final Set<String> linears;
    private final Map<String, float[]> sums = new HashMap<>();

    SquareSums(Set<String> linears) {
      this.linears = linears;
    }

    @Override
    public boolean wants(String parameter) {
      return linears.contains(parameter);
    }

    @Override
    public void accept(String parameter, float[] gradient) {
      float[] sum = sums.computeIfAbsent(parameter, _ -> new float[gradient.length]);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += gradient[i] * gradient[i];
      }
    }
  }
}

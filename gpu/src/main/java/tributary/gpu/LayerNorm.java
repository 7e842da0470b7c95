package tributary.gpu;

import java.util.List;

/**
 * {@code out[t, c] = (x[t, c] - mean) / sqrt(variance + epsilon) * w[c] + b[c]}, mean and variance
 * over c; w and b are the weight and the bias of t's runs. Both lists of runs cover all rows.
 * {@code out} may be {@code x}.
 */
public interface LayerNorm {
  void apply(
      Activations out,
      Activations x,
      List<RowRun<WeightVector>> weights,
      List<RowRun<WeightVector>> biases,
      float epsilon);
}

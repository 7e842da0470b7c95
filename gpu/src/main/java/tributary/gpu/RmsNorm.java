package tributary.gpu;

import java.util.List;

/**
 * {@code out[t, c] = x[t, c] * w[c] / sqrt(mean over c of x[t, c]^2 + epsilon)}; w is the weight of
 * t's run. Runs cover all rows. {@code out} may be {@code x}.
 *
 * <p>Where x's columns are a multiple of w's length, each stretch of that length, such as a head,
 * is normalized on its own.
 */
public interface RmsNorm {
  void apply(Activations out, Activations x, List<RowRun<WeightVector>> weights, float epsilon);
}

package tributary.gpu;

import java.util.List;

/**
 * Looks up embeddings: {@code out[t, c] = W[tokens[t], c] + D[tokens[t], c]}, where D is the delta
 * of t's run, or 0. Rows that only the tenant has, and replacements, are as in {@link Linear}.
 * Requires that each token is a row of its own matrix.
 */
public interface Gather {
  void apply(Activations out, int[] tokens, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas);
}

package tributary.gpu;

import java.util.List;

/**
 * Looks up embeddings: {@code out[t, c] = f[tokens[t]] * W[tokens[t], c] + D[tokens[t], c]}, where
 * D and f are the delta of t's run and its factors, or 0 and 1. Rows that only the tenant has, and
 * replacements, are as in {@link Linear}. Requires that each token is a row of its own matrix.
 */
public interface Gather {
  void apply(Activations out, int[] tokens, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas);
}

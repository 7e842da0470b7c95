package tributary.gpu;

import java.util.List;

/**
 * A linear layer for all tenants of a batch at once.
 *
 * <pre>
 * out[t, n] = sum over k of x[t, k] * (W[n, k] + D[n, k])       D: the delta of t's run, or 0
 *
 * out [T, N]  x [T, K]  W [Nb, K]  D [Nt, K]
 * </pre>
 *
 * N is at least Nb and every Nt. For n in [Nb, Nt) the tenant's added rows stand in for W + D; for
 * n past a row's own outputs, out is negative infinity. A run whose delta is a replacement takes it
 * instead of W + D. Sums are accumulated in fp32 or better.
 */
public interface Linear {
  void apply(Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas);
}

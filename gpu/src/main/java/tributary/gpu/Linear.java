package tributary.gpu;

import java.util.List;

/**
 * A linear layer for all tenants of a batch at once.
 *
 * <pre>
 * out[t, n] = sum over k of x[t, k] * (f[n] * W[n, k] + D[n, k])
 *                                D, f: the delta of t's run and its factors, or 0 and 1
 * out [T, N]  x [T, K]  W [Nb, K]  D [Nt, K]  f [Nb]
 * </pre>
 *
 * N is at least Nb and every Nt. For n in [Nb, Nt) the tenant's added rows stand in for f W + D;
 * for n past a row's own outputs, out is negative infinity. A run whose delta is a replacement
 * takes it instead of f W + D. Sums are accumulated in fp32 or better.
 */
public interface Linear {
  void apply(Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas);
}

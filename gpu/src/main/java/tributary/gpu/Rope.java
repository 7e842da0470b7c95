package tributary.gpu;

import java.util.List;

/**
 * Rotates queries and keys by their positions (the rotate-half convention of Hugging Face
 * checkpoints) and stores keys and values in the cache.
 *
 * <pre>
 * angle(p, i) = p * inverseFrequencies[i]              i in [0, rotated / 2)
 * a, b = h[i], h[i + rotated / 2]     h: one head of q or k at position p
 * h[i] = a cos - b sin                h[i + rotated / 2] = b cos + a sin
 *
 * q [T, heads * headSize]   k, v [T, kvHeads * headSize]
 * </pre>
 *
 * cos and sin are multiplied by {@code scale}. {@code rotated} is twice the number of frequencies;
 * further values of a head stay. q is changed in place; k and v go to the cache, rotated and as
 * they are, at their rows' positions in {@code layer}.
 */
public interface Rope {
  /** Rotation speeds, and the factor on cos and sin (1 for most models). */
  record Frequencies(float[] inverseFrequencies, float scale) {}

  void apply(
      Operands operands,
      Frequencies frequencies,
      KvCache cache,
      int layer,
      List<SequenceRows> rows);

  /** The three projections of a batch. */
  record Operands(Activations q, Activations k, Activations v) {}
}

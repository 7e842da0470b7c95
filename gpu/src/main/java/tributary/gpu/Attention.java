package tributary.gpu;

import java.util.List;

/**
 * Causal attention of every row over its own sequence's cached positions, itself included.
 *
 * <pre>
 * score[p] = scale * q[t, head] . key[p, head / group]         p in [0, position of t]
 * out[t, head] = sum over p of softmax(score)[p] * value[p, head / group]
 *
 * out, q [T, heads * headSize]     group = heads / cache.heads
 * </pre>
 */
public interface Attention {
  void apply(
      Activations out,
      Activations q,
      KvCache cache,
      int layer,
      List<SequenceRows> rows,
      float scale);
}

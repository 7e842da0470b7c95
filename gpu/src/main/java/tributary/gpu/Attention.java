package tributary.gpu;

import java.util.List;

/**
 * Causal attention of every row over its own sequence's cached positions, itself included.
 *
 * <pre>
 * score[p] = cap(scale * q[t, head] . key[p, head / group])
 *                                          p in (position of t - window, position of t]
 * out[t, head] = sum over p of softmax(score)[p] * value[p, head / group]
 *
 * cap(s) = softCap * tanh(s / softCap), or s where there is none
 * out, q [T, heads * headSize]     group = heads / cache.heads
 * </pre>
 */
public interface Attention {
  /**
   * How scores are formed, and of which positions.
   *
   * @param window positions that a row sees, its own included; {@link #EVERYTHING} for all
   * @param softCap that scores stay below, or {@link #UNCAPPED}
   */
  record Scores(float scale, int window, float softCap) {
    public static final int EVERYTHING = Integer.MAX_VALUE;
    public static final float UNCAPPED = 0;

    public Scores {
      if (window < 1 || softCap < 0) {
        throw new IllegalArgumentException(
            "attention: window=%d softCap=%s; at least one position is seen, and a cap is positive"
                .formatted(window, softCap));
      }
    }

    /** Scores of all positions, uncapped. */
    public static Scores scaled(float scale) {
      return new Scores(scale, EVERYTHING, UNCAPPED);
    }

    /** The first position that a row at {@code position} sees. */
    public int firstSeen(int position) {
      return Math.max(0, position - window + 1);
    }
  }

  void apply(
      Activations out,
      Activations q,
      KvCache cache,
      int layer,
      List<SequenceRows> rows,
      Scores scores);
}

package tributary.model.sampling;

import java.util.Arrays;
import tributary.gpu.program.Draw;

/**
 * Draws tokens. Not thread-safe.
 *
 * <p>Top-k, top-p and min-p each keep a prefix of the tokens in descending order of probability, so
 * together they keep the shortest of the three prefixes. Only tokens that can be in it are sorted:
 * the k best, or those above the probability that the tail outside the nucleus could have.
 */
public final class Candidates {
  private final Ranking ranking = new Ranking();
  private double[] weights = {};
  private int[] ids = {};

  /**
   * The token that a draw gives.
   *
   * @param logits [vocabulary]
   * @return negative when a logit to draw from is not a number or infinite, or all are ruled out;
   *     of a greedy draw, when none is a number
   */
  public int choice(float[] logits, Draw draw) {
    int best = largest(logits);
    if (draw.isGreedy() || best < 0) {
      return best;
    }
    for (float logit : logits) {
      if (!(logit < Float.POSITIVE_INFINITY)) {
        return -1;
      }
    }
    return logits[best] == Float.NEGATIVE_INFINITY ? -1 : draw(logits, logits[best], draw);
  }

  /** The lowest of the ids with the largest logit; negative when none is a number. */
  public static int largest(float[] logits) {
    int best = -1;
    for (int i = 0; i < logits.length; i++) {
      if (best < 0 ? !Float.isNaN(logits[i]) : logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private int draw(float[] logits, double max, Draw draw) {
    int k = draw.topK();
    if (k > 0 && k < logits.length) {
      long[] best = ranking.best(logits, k);
      double mass = weigh(logits, max, best, k, draw);
      return pick(logits, max, best, kept(k, mass, draw), draw);
    }
    double mass = weigh(logits, max, draw);
    if (draw.topP() == 1) {
      return pick(logits.length, draw.minP(), draw.unit());
    }
    int count = nucleus(logits, max, mass, draw);
    return pick(logits, max, ranking.reserve(count), kept(count, mass, draw), draw);
  }

  /** Weights of all tokens relative to the likeliest, by id; returns their sum. */
  private double weigh(float[] logits, double max, Draw draw) {
    reserve(logits.length);
    double mass = 0;
    for (int i = 0; i < logits.length; i++) {
      weights[i] = Math.exp((logits[i] - max) / draw.temperature());
      mass += weights[i];
    }
    return mass;
  }

  /** Weights of ranked tokens, best first; returns their sum. */
  private double weigh(float[] logits, double max, long[] ranked, int count, Draw draw) {
    reserve(count);
    double mass = 0;
    for (int i = 0; i < count; i++) {
      weights[i] = Math.exp((logits[Ranking.token(ranked[i])] - max) / draw.temperature());
      mass += weights[i];
    }
    return mass;
  }

  /**
   * Ranks every token that can be in the nucleus, with its weight at its rank; returns how many.
   * Tokens below {@code (1 - p) / tokens} each have less than {@code 1 - p} together.
   */
  private int nucleus(float[] logits, double max, double mass, Draw draw) {
    double cutoff = (1 - draw.topP()) / logits.length * mass;
    int count = 0;
    for (int i = 0; i < logits.length; i++) {
      count += weights[i] >= cutoff ? 1 : 0;
    }
    long[] keys = ranking.reserve(count);
    int next = 0;
    for (int i = 0; i < logits.length; i++) {
      if (weights[i] >= cutoff) {
        keys[next++] = Ranking.key(logits[i], i);
      }
    }
    Arrays.sort(keys, 0, count);
    double _ = weigh(logits, max, keys, count, draw);
    return count;
  }

  /** Length of the prefix that top-p and min-p leave of {@code count} ranked tokens. */
  private int kept(int count, double mass, Draw draw) {
    double reached = 0;
    for (int i = 0; i < count; i++) {
      if (i > 0 && weights[i] < draw.minP()) {
        return i;
      }
      reached += weights[i];
      if (draw.topP() < 1 && reached >= draw.topP() * mass) {
        return i + 1;
      }
    }
    return count;
  }

  /** Draws from the first {@code count} of ranked tokens, in order of their ids. */
  private int pick(float[] logits, double max, long[] ranked, int count, Draw draw) {
    if (ids.length < count) {
      ids = new int[count];
    }
    for (int i = 0; i < count; i++) {
      ids[i] = Ranking.token(ranked[i]);
    }
    Arrays.sort(ids, 0, count);
    for (int i = 0; i < count; i++) {
      weights[i] = Math.exp((logits[ids[i]] - max) / draw.temperature());
    }
    return ids[pick(count, 0, draw.unit())];
  }

  /** The index at which the running sum of weights of at least {@code min} passes the draw. */
  private int pick(int count, double min, double unit) {
    double mass = 0;
    for (int i = 0; i < count; i++) {
      mass += weights[i] >= min ? weights[i] : 0;
    }
    double target = unit * mass;
    double reached = 0;
    int last = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] >= min && weights[i] > 0) {
        reached += weights[i];
        last = i;
        if (reached > target) {
          return i;
        }
      }
    }
    return last; // Rounding kept the sum from passing a draw close to 1.
  }

  private void reserve(int count) {
    if (weights.length < count) {
      weights = new double[count];
    }
  }
}

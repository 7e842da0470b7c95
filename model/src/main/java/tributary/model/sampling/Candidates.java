package tributary.model.sampling;

import java.util.Arrays;
import tributary.protocol.Sampling;

/**
 * Temperature, filters and the draw.
 *
 * <p>Top-k, top-p and min-p each keep a prefix of the tokens in descending order of probability, so
 * together they keep the shortest of the three prefixes. Only tokens that can be in it are sorted:
 * the k best, or those above the probability that the tail outside the nucleus could have.
 */
final class Candidates {
  private final Ranking ranking = new Ranking();
  private double[] weights = {};

  /**
   * Draws a token.
   *
   * @param unit uniform in [0, 1)
   */
  int draw(float[] logits, Sampling sampling, double unit) {
    int k = sampling.topK();
    if (k > 0 && k < logits.length) {
      long[] best = ranking.best(logits, k);
      double mass = weigh(logits, best, k, sampling);
      return Ranking.token(best[pick(kept(k, mass, sampling), 0, unit)]);
    }
    double mass = weigh(logits, sampling);
    if (sampling.topP() == 1) {
      return pick(logits.length, sampling.minP(), unit);
    }
    int count = nucleus(logits, mass, sampling);
    long[] ranked = ranking.reserve(count);
    return Ranking.token(ranked[pick(kept(count, mass, sampling), 0, unit)]);
  }

  /** Weights of all tokens relative to the likeliest, by id; returns their sum. */
  private double weigh(float[] logits, Sampling sampling) {
    reserve(logits.length);
    double max = logits[Sampler.argMax(logits)];
    double mass = 0;
    for (int i = 0; i < logits.length; i++) {
      weights[i] = Math.exp((logits[i] - max) / sampling.temperature());
      mass += weights[i];
    }
    return mass;
  }

  /** Weights of ranked tokens, best first; returns their sum. */
  private double weigh(float[] logits, long[] ranked, int count, Sampling sampling) {
    reserve(count);
    double max = logits[Ranking.token(ranked[0])];
    double mass = 0;
    for (int i = 0; i < count; i++) {
      weights[i] = Math.exp((logits[Ranking.token(ranked[i])] - max) / sampling.temperature());
      mass += weights[i];
    }
    return mass;
  }

  /**
   * Ranks every token that can be in the nucleus, with its weight at its rank; returns how many.
   * Tokens below {@code (1 - p) / tokens} each have less than {@code 1 - p} together.
   */
  private int nucleus(float[] logits, double mass, Sampling sampling) {
    double cutoff = (1 - sampling.topP()) / logits.length * mass;
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
    weigh(logits, keys, count, sampling);
    return count;
  }

  /** Length of the prefix that top-p and min-p leave of {@code count} ranked tokens. */
  private int kept(int count, double mass, Sampling sampling) {
    double reached = 0;
    for (int i = 0; i < count; i++) {
      if (i > 0 && weights[i] < sampling.minP()) {
        return i;
      }
      reached += weights[i];
      if (sampling.topP() < 1 && reached >= sampling.topP() * mass) {
        return i + 1;
      }
    }
    return count;
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

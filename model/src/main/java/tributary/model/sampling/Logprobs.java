package tributary.model.sampling;

import java.util.ArrayList;
import java.util.List;
import tributary.protocol.TokenLogprob;

/** Log-probabilities of a model's own distribution, before anything is done to its logits. */
final class Logprobs {
  private final Ranking ranking = new Ranking();
  private float[] raw = {};
  private double normalizer;
  private List<TokenLogprob> top = List.of();

  /** Takes down {@code logits}, and the {@code count} likeliest tokens among them. */
  void take(float[] logits, int count) {
    if (raw.length != logits.length) {
      raw = new float[logits.length];
    }
    System.arraycopy(logits, 0, raw, 0, logits.length);
    float max = logits[Candidates.largest(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - max);
    }
    normalizer = max + Math.log(sum);

    int kept = Math.min(count, logits.length);
    long[] best = ranking.best(logits, kept);
    top = new ArrayList<>(kept);
    for (int i = 0; i < kept; i++) {
      top.add(of(Ranking.token(best[i])));
    }
  }

  TokenLogprob of(int token) {
    return new TokenLogprob(token, (float) (raw[token] - normalizer));
  }

  /** Best first. */
  List<TokenLogprob> top() {
    return top;
  }
}

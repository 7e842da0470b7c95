package tributary.cli.soak;

import java.util.List;
import tributary.protocol.TokenLogprob;

/**
 * The tokens of an answer, each with its probability and those of the likeliest others. A
 * probability depends on every logit, so equal ones mean equal logits.
 */
record Answer(List<Draw> draws) {
  /**
   * One token.
   *
   * @param logprobs of the token itself, then of the likeliest, best first
   */
  record Draw(int token, List<TokenLogprob> logprobs) {}

  Answer {
    draws = List.copyOf(draws);
  }

  /** Whether the tokens of {@code part} are the first of this. */
  boolean beginsWith(Answer part) {
    if (part.draws.size() > draws.size()) {
      return false;
    }
    for (int i = 0; i < part.draws.size(); i++) {
      if (part.draws.get(i).token != draws.get(i).token) {
        return false;
      }
    }
    return true;
  }

  /**
   * How far the log-probabilities of {@code part} are from the first of this, at most; infinitely
   * where other tokens are the likeliest.
   */
  double distance(Answer part) {
    double most = 0;
    for (int i = 0; i < part.draws.size(); i++) {
      List<TokenLogprob> here = draws.get(i).logprobs;
      List<TokenLogprob> there = part.draws.get(i).logprobs;
      if (here.size() != there.size()) {
        return Double.POSITIVE_INFINITY;
      }
      for (int k = 0; k < here.size(); k++) {
        if (here.get(k).token() != there.get(k).token()) {
          return Double.POSITIVE_INFINITY;
        }
        most = Math.max(most, Math.abs(here.get(k).logprob() - there.get(k).logprob()));
      }
    }
    return most;
  }
}

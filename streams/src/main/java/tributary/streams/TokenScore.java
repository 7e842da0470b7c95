package tributary.streams;

import java.util.List;
import java.util.function.IntFunction;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;

/**
 * A token's text, its log-probability, and the likeliest tokens at its place.
 *
 * @param top best first; empty for those that are alternatives themselves
 */
record TokenScore(String text, float logprob, List<TokenScore> top) {
  /** What the API says instead of minus infinity, which JSON cannot. */
  private static final float LOGPROB_MIN = -9999;

  TokenScore {
    top = List.copyOf(top);
    logprob = Math.max(LOGPROB_MIN, logprob);
  }

  static TokenScore of(TokenEvent.Token event, TokenLogprob logprob, IntFunction<String> names) {
    return new TokenScore(
        names.apply(logprob.token()),
        logprob.logprob(),
        event.top().stream()
            .map(other ->
                new TokenScore(names.apply(other.token()), other.logprob(), List.of()))
            .toList());
  }
}

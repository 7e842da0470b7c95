package tributary.streams;

import java.util.List;
import java.util.function.IntFunction;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;

/**
 * A token's name, its log-probability, and the likeliest tokens at its place.
 *
 * @param name its text, or its id for who asks
 * @param characters of its text, however it is named
 * @param top best first; empty for those that are alternatives themselves
 */
record TokenScore(String name, int characters, float logprob, List<TokenScore> top) {
  /** What the API says instead of minus infinity, which JSON cannot. */
  private static final float LOGPROB_MIN = -9999;

  TokenScore {
    top = List.copyOf(top);
    logprob = Math.max(LOGPROB_MIN, logprob);
  }

  /** The score of a token that is in the answer. */
  static TokenScore of(
      TokenEvent.Token event,
      TokenLogprob chosen,
      TextTokenizer tokenizer,
      IntFunction<String> names) {
    return new TokenScore(
        names.apply(chosen.token()),
        tokenizer.tokenText(chosen.token()).length(),
        chosen.logprob(),
        event.top().stream()
            .map(other -> new TokenScore(names.apply(other.token()), 0, other.logprob(), List.of()))
            .toList());
  }
}

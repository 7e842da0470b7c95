package tributary.streams;

import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.TokenLogprob;

/**
 * A token's name, its log-probability, and the likeliest tokens at its place.
 *
 * @param name its text, or its id for who asks
 * @param characters of its text, however it is named
 * @param logprob null for the first token of a prompt, before which there is nothing
 * @param top best first; empty for those that are alternatives themselves
 */
record TokenScore(String name, int characters, @Nullable Float logprob, List<TokenScore> top) {
  /** What the API says instead of minus infinity, which JSON cannot. */
  static final float LOGPROB_MIN = -9999;

  TokenScore {
    top = List.copyOf(top);
    logprob = logprob == null ? null : Math.max(LOGPROB_MIN, logprob);
  }

  /** The score of a token of which nothing is known. */
  static TokenScore first(int token, TextTokenizer tokenizer, IntFunction<String> names) {
    return new TokenScore(names.apply(token), tokenizer.tokenText(token).length(), null, List.of());
  }

  /** The score of a token that is in the answer, and of the likeliest at its place. */
  static TokenScore of(
      TokenLogprob token,
      List<TokenLogprob> top,
      TextTokenizer tokenizer,
      IntFunction<String> names) {
    return new TokenScore(
        names.apply(token.token()),
        tokenizer.tokenText(token.token()).length(),
        token.logprob(),
        top.stream()
            .map(other -> new TokenScore(names.apply(other.token()), 0, other.logprob(), List.of()))
            .toList());
  }

  /** The log-probability of a token of an output, which always has one. */
  float known() {
    return Objects.requireNonNull(logprob);
  }
}

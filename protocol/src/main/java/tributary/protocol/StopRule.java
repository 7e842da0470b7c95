package tributary.protocol;

import java.util.Set;

/**
 * When a sequence ends by its tokens. Stop strings are found in the text, by whoever decodes it.
 *
 * @param maxTokens at most this many output tokens; at least 1
 * @param minTokens stop tokens are not drawn before this many output tokens
 * @param stopTokens ids that end the sequence; the id itself is the last token reported
 */
public record StopRule(int maxTokens, int minTokens, Set<Integer> stopTokens) {
  public StopRule {
    if (maxTokens < 1) {
      throw TributaryException.parameter("max_tokens", maxTokens, 1, Integer.MAX_VALUE);
    }
    if (minTokens < 0 || minTokens > maxTokens) {
      throw TributaryException.parameter("min_tokens", minTokens, 0, maxTokens);
    }
    stopTokens = Set.copyOf(stopTokens);
  }
}

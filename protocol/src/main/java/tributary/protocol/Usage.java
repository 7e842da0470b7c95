package tributary.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Tokens that a request cost.
 *
 * @param precision at which it was served; null where there is no choice of any
 */
public record Usage(int promptTokens, int completionTokens, @Nullable Precision precision) {
  public Usage(int promptTokens, int completionTokens) {
    this(promptTokens, completionTokens, null);
  }

  public Usage at(Precision served) {
    return new Usage(promptTokens, completionTokens, served);
  }

  public int totalTokens() {
    return Math.addExact(promptTokens, completionTokens);
  }
}

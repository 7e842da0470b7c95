package tributary.protocol;

/** Tokens that a request cost. */
public record Usage(int promptTokens, int completionTokens) {
  public int totalTokens() {
    return Math.addExact(promptTokens, completionTokens);
  }
}

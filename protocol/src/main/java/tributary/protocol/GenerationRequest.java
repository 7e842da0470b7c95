package tributary.protocol;

/** One sequence to generate: tokenized, validated and addressed to a variant. */
public record GenerationRequest(
    RequestId id, DeltaId model, Tokens prompt, Sampling sampling, StopRule stop) {
  public GenerationRequest {
    if (prompt.count() == 0) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST, "the prompt has no tokens; give at least one", "prompt");
    }
  }

  /** The KV positions this sequence may come to need. */
  public int tokensMax() {
    return Math.addExact(prompt.count(), stop.maxTokens());
  }
}

package tributary.protocol;

import java.util.Set;

/**
 * One sequence to generate: tokenized, validated and addressed to a variant.
 *
 * @param form what the output must look like
 * @param reading what is told of the prompt
 * @param haste how soon the answer is wanted
 */
public record GenerationRequest(
    RequestId id,
    DeltaId model,
    Tokens prompt,
    Sampling sampling,
    StopRule stop,
    OutputForm form,
    PromptReading reading,
    Haste haste) {
  /** A request whose output may be anything. */
  public GenerationRequest(
      RequestId id, DeltaId model, Tokens prompt, Sampling sampling, StopRule stop) {
    this(id, model, prompt, sampling, stop, OutputForm.free());
  }

  /** A request of which only what follows the prompt is told. */
  public GenerationRequest(
      RequestId id,
      DeltaId model,
      Tokens prompt,
      Sampling sampling,
      StopRule stop,
      OutputForm form) {
    this(id, model, prompt, sampling, stop, form, PromptReading.nothing());
  }

  /** A request without haste. */
  public GenerationRequest(
      RequestId id,
      DeltaId model,
      Tokens prompt,
      Sampling sampling,
      StopRule stop,
      OutputForm form,
      PromptReading reading) {
    this(id, model, prompt, sampling, stop, form, reading, Haste.NONE);
  }

  public GenerationRequest {
    if (prompt.count() == 0) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST, "the prompt has no tokens; give at least one", "prompt");
    }
  }

  /** A sequence that is read and not gone on with. */
  public static GenerationRequest stateOf(RequestId id, DeltaId model, Tokens prompt) {
    return new GenerationRequest(
        id,
        model,
        prompt,
        Sampling.GREEDY,
        new StopRule(1, 0, Set.of()),
        OutputForm.free(),
        new PromptReading.State());
  }

  public GenerationRequest withHaste(Haste other) {
    return new GenerationRequest(id, model, prompt, sampling, stop, form, reading, other);
  }

  /** The KV positions this sequence may come to need. */
  public int tokensMax() {
    return Math.addExact(prompt.count(), stop.maxTokens());
  }
}

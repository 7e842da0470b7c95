package tributary.protocol;

/** What a request wants to know of its prompt, beside what follows it. */
public sealed interface PromptReading {
  static PromptReading nothing() {
    return new Nothing();
  }

  /** Only what follows. */
  record Nothing() implements PromptReading {}

  /**
   * How likely each token of the prompt was after those before it; nothing is said of the first.
   *
   * @param top how many alternatives to report beside each
   */
  record Scores(int top) implements PromptReading {
    public Scores {
      if (top < 0 || top > Sampling.TOP_LOGPROBS_MAX) {
        throw TributaryException.parameter("prompt_logprobs", top, 0, Sampling.TOP_LOGPROBS_MAX);
      }
    }
  }

  /** The state of the prompt's last token behind the last block and its norm; nothing follows. */
  record State() implements PromptReading {}

  default boolean wantsScores() {
    return this instanceof Scores;
  }

  default boolean wantsState() {
    return this instanceof State;
  }
}

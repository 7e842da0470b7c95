package tributary.model.generate;

import java.util.Arrays;
import java.util.Optional;
import tributary.model.StepBatch;
import tributary.model.sampling.Sampler;
import tributary.protocol.FinishReason;
import tributary.protocol.StopRule;
import tributary.protocol.Usage;

/** A sequence on its way: known tokens, of which the first {@code computed} are in the KV cache. */
final class RunningSequence {
  private final int index;
  private final OfflineGeneration.Prompt prompt;
  private final int[] tokens;
  private final int[] pages;
  private final int promptLength;
  private int length;
  private int computed;
  private boolean ended;

  /**
   * @param capacity tokens at most, prompt and output
   * @param firstPage of the neighbouring pages that are this sequence's own
   */
  RunningSequence(
      int index, OfflineGeneration.Prompt prompt, int capacity, int firstPage, int pageTokens) {
    this.index = index;
    this.prompt = prompt;
    promptLength = prompt.tokens().count();
    length = promptLength;
    tokens = Arrays.copyOf(prompt.tokens().toArray(), capacity);
    pages = new int[Math.ceilDiv(capacity, pageTokens)];
    Arrays.setAll(pages, page -> firstPage + page);
  }

  int index() {
    return index;
  }

  int missing() {
    return length - computed;
  }

  boolean hasEnded() {
    return ended;
  }

  Usage usage() {
    return new Usage(promptLength, length - promptLength);
  }

  /** The next {@code count} missing tokens as a slice, which counts as computed from now on. */
  StepBatch.Slice advance(int count) {
    int first = computed;
    computed += count;
    var slice =
        new StepBatch.Slice(
            prompt.delta(),
            Arrays.copyOfRange(tokens, first, computed),
            first,
            pages,
            StepBatch.LogitRows.NONE);
    return computed < length
        ? slice
        : slice.drawing(prompt.sampling(), prompt.stop(), length - promptLength);
  }

  Sampler.Drawn draw(Sampler sampler, float[] logits) {
    Sampler.Drawn drawn =
        sampler.draw(logits, tokens, promptLength, length, prompt.sampling(), prompt.stop());
    take(drawn);
    return drawn;
  }

  /** Goes on with a token that was drawn. */
  void take(Sampler.Drawn drawn) {
    tokens[length] = drawn.token();
    length++;
  }

  /** Why the sequence ends with its last token, if it does. */
  Optional<FinishReason> end(boolean goOn) {
    StopRule stop = prompt.stop();
    if (!goOn || stop.stopTokens().contains(tokens[length - 1])) {
      ended = true;
      return Optional.of(FinishReason.STOP);
    }
    ended = length == tokens.length;
    return ended ? Optional.of(FinishReason.LENGTH) : Optional.empty();
  }
}

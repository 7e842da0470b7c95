package tributary.model.sampling;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenLogprob;

/** Draws the next token of one sequence. Not thread-safe; reused over sequences. */
public final class Sampler {
  /** A drawn token, with log-probabilities where the sampling asks for them. */
  public record Drawn(int token, @Nullable TokenLogprob logprob, List<TokenLogprob> top) {}

  /**
   * @param logits [vocabulary]; changed in place
   * @param tokens the sequence so far: prompt, then output
   * @param promptLength how many of {@code tokens} are prompt
   * @param length how many of {@code tokens} are valid
   */
  public Drawn draw(
      float[] logits, int[] tokens, int promptLength, int length, Sampling sampling, StopRule stop) {
    throw new UnsupportedOperationException();
  }
}

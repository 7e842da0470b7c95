package tributary.model.sampling;

import tributary.protocol.Sampling;

/**
 * Repetition, presence and frequency penalties, defined as vLLM defines them: repetition sees
 * prompt and output, presence and frequency the output alone; each applies once a distinct token.
 */
final class Penalties {
  private static final int PROMPT_ONLY = 1;

  /** Per token: 0 unseen, else 1 and the number of times it is in the output. */
  private int[] seen = {};

  void apply(float[] logits, int[] tokens, int promptLength, int length, Sampling sampling) {
    boolean repetition = sampling.repetitionPenalty() != 1;
    if (!repetition && sampling.presencePenalty() == 0 && sampling.frequencyPenalty() == 0) {
      return;
    }
    if (seen.length < logits.length) {
      seen = new int[logits.length];
    }
    int first = repetition ? 0 : promptLength;
    for (int i = first; i < length; i++) {
      int token = tokens[i];
      if (token < logits.length) {
        seen[token] = Math.max(seen[token], PROMPT_ONLY) + (i < promptLength ? 0 : 1);
      }
    }
    for (int i = first; i < length; i++) {
      int token = tokens[i];
      if (token < logits.length && seen[token] != 0) {
        logits[token] = penalized(logits[token], seen[token] - PROMPT_ONLY, sampling);
        seen[token] = 0;
      }
    }
  }

  private static float penalized(float logit, int timesInOutput, Sampling sampling) {
    double value = logit;
    value = value > 0 ? value / sampling.repetitionPenalty() : value * sampling.repetitionPenalty();
    value -= sampling.frequencyPenalty() * timesInOutput;
    value -= timesInOutput > 0 ? sampling.presencePenalty() : 0;
    return (float) value;
  }
}

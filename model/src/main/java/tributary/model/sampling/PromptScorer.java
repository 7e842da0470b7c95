package tributary.model.sampling;

import tributary.protocol.PromptNews;

/** Tells how likely tokens of prompts were. Not thread-safe; reused over sequences. */
public final class PromptScorer {
  private final Logprobs logprobs = new Logprobs();

  /**
   * The score of a known token.
   *
   * @param logits [vocabulary] of its place; not changed
   * @param top how many alternatives to tell
   */
  public PromptNews.Score score(float[] logits, int token, int top) {
    logprobs.take(logits, top);
    int rank = 0;
    for (float logit : logits) {
      if (logit >= logits[token]) {
        rank++;
      }
    }
    return new PromptNews.Score(logprobs.of(token), rank, logprobs.top());
  }
}

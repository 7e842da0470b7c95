package tributary.model.network;

import tributary.gpu.Activations;

/** A model family's structure: which parameters it has, and how they turn tokens into logits. */
public interface Network {
  Parameters parameters();

  /** The token embeddings: their rows bound the ids of a variant. */
  Parameter.Matrix embedding();

  /** The output head: its rows are a variant's vocabulary. */
  Parameter.Matrix head();

  /**
   * True for a tensor that checkpoints of this family may hold although nothing computes with it.
   */
  boolean ignores(String tensor);

  /** Embeds the step's tokens and runs all blocks over them; the result [T, hidden] is scratch. */
  Activations hidden(Step step);

  /** Final norm and head: {@code logits [T, vocabulary]} of {@code hidden [T, hidden]}. */
  void logits(Step step, Activations logits, Activations hidden);
}

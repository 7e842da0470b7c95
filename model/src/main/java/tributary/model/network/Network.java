package tributary.model.network;

import java.util.List;
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

  /** All blocks, one after the other, in parts. */
  List<Stage> stages();

  /** Embeds the step's tokens and runs all blocks over them; the result [T, hidden] is scratch. */
  default Activations hidden(Step step) {
    Activations hidden = step.scratch("hidden", embedding().columns());
    step.embed(hidden, embedding());
    for (Stage stage : stages()) {
      stage.output().apply(step, hidden, stage.input().of(step, hidden));
    }
    return hidden;
  }

  /** Final norm and head: {@code logits [T, vocabulary]} of {@code hidden [T, hidden]}. */
  void logits(Step step, Activations logits, Activations hidden);
}

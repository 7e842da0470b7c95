package tributary.model.network;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
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

  /**
   * What a model has in common with its fine-tunes beside tensors, by names for people: a delta
   * carries none of it.
   */
  default SortedMap<String, String> traits() {
    return new TreeMap<>();
  }

  /** Sets {@code hidden} [T, hidden] to what the first block reads. */
  default void embed(Step step, Activations hidden) {
    step.embed(hidden, embedding());
  }

  /** Embeds the step's tokens and runs all blocks over them; the result [T, hidden] is scratch. */
  default Activations hidden(Step step) {
    Activations hidden = step.scratch("hidden", embedding().columns());
    embed(step, hidden);
    for (Stage stage : stages()) {
      stage.output().apply(step, hidden, stage.input().of(step, hidden));
    }
    return hidden;
  }

  /** The final norm of {@code hidden} [T, hidden], in place. */
  void normalize(Step step, Activations hidden);

  /** Final norm and head: {@code logits [T, vocabulary]} of {@code hidden [T, hidden]}. */
  void logits(Step step, Activations logits, Activations hidden);
}

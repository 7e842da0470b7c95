package tributary.compression;

import org.jspecify.annotations.Nullable;
import tributary.tensor.TensorView;

/** What became of one tensor between base and fine-tune, and so how it may be coded. */
sealed interface TensorChange {
  /** Equal in type, shape and every byte: nothing is stored. */
  record Unchanged() implements TensorChange {}

  /** Too small, or of a kind, to lose anything: stored as it is. */
  record Exact(TensorView tuned) implements TensorChange {}

  /** A linear layer's matrix. */
  record Linear(TensorView base, TensorView tuned) implements TensorChange {}

  /**
   * Embeddings or head, one row a token.
   *
   * @param tuned as many rows as the base has
   * @param added rows of tokens that the base does not know
   */
  record Vocabulary(TensorView base, TensorView tuned, @Nullable TensorView added)
      implements TensorChange {}
}

package tributary.compression;

import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/** What became of one tensor between base and fine-tune, and so how it may be coded. */
sealed interface TensorChange {
  /** Equal in type, shape and every byte: nothing is stored. */
  record Unchanged() implements TensorChange {}

  /** Too small, or of a kind, to lose anything: stored as it is. */
  record Exact(TensorView tuned) implements TensorChange {}

  /** A linear layer's matrix. */
  record Linear(TensorView base, TensorView tuned) implements TensorChange {
    /** The layer, without calibration. */
    LinearProblem problem(String name) {
      int rows = Math.toIntExact(base.shape().dimension(0));
      int columns = Math.toIntExact(base.shape().dimension(1));
      LinearProblem problem =
          new LinearProblem(name, rows, columns, base.toFloats(), tuned.toFloats(), null);
      requireFinite(name, problem.difference());
      return problem;
    }
  }

  /** Refuses models that hold NaN or infinities. */
  static void requireFinite(String name, float[] difference) {
    for (float value : difference) {
      if (!Float.isFinite(value)) {
        throw new TributaryException(
            ErrorCode.INCOMPATIBLE_MODELS,
            "tensor %s: base or fine-tune holds values that are not finite"
                .formatted(Quoted.of(name)));
      }
    }
  }

  /**
   * Embeddings or head, one row a token.
   *
   * @param tuned as many rows as the base has
   * @param added rows of tokens that the base does not know
   */
  record Vocabulary(TensorView base, TensorView tuned, @Nullable TensorView added)
      implements TensorChange {}
}

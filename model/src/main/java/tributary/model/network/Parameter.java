package tributary.model.network;

import org.jspecify.annotations.Nullable;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** One tensor that a network computes with, under its name in checkpoints. */
public sealed interface Parameter {
  String name();

  /** The base's shape. */
  Shape shape();

  /**
   * A weight matrix.
   *
   * @param slot counts the network's matrices
   * @param vocabulary true when rows are tokens, so that a tenant may have more than the base
   * @param tiedTo the matrix that stands in where neither the base nor the tenant has its own
   */
  record Matrix(
      int slot, String name, int rows, int columns, boolean vocabulary, @Nullable Matrix tiedTo)
      implements Parameter {
    @Override
    public Shape shape() {
      return Shape.of(rows, columns);
    }
  }

  /**
   * A norm's weight or a bias.
   *
   * @param slot counts the network's vectors
   * @param inBase false for a bias that the base does not have, but a tenant may
   * @param offset added to what checkpoints hold, for families whose norms multiply by 1 + w
   */
  record Vector(int slot, String name, int length, boolean inBase, float offset)
      implements Parameter {
    @Override
    public Shape shape() {
      return Shape.of(length);
    }

    /** What is computed with, given what a checkpoint or a tenant holds. */
    TensorView effective(TensorView stored) {
      if (offset == 0) {
        return stored;
      }
      float[] values = stored.toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += offset;
      }
      return TensorView.of(stored.shape(), values);
    }
  }
}

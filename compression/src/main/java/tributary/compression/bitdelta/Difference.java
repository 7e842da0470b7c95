package tributary.compression.bitdelta;

import tributary.tensor.TensorView;

/**
 * A fine-tune's matrix minus the base's, row by row. Both are widened before the subtraction: in
 * bfloat16 most of a small difference would be rounded away.
 *
 * @param base [rows, columns]; of {@code tuned}, further rows are left alone
 */
public record Difference(TensorView base, TensorView tuned) {
  int rows() {
    return Math.toIntExact(base.shape().dimension(0));
  }

  int columns() {
    return Math.toIntExact(base.shape().dimension(1));
  }

  /** Reads one row into {@code out}, which has {@link #columns()} elements. */
  void readRow(int row, float[] out, float[] scratch) {
    long from = (long) row * out.length;
    base.readFloats(from, scratch, 0, out.length);
    tuned.readFloats(from, out, 0, out.length);
    for (int column = 0; column < out.length; column++) {
      out[column] -= scratch[column];
    }
  }
}

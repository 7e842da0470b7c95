package tributary.model.peft;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.LowRank;

/**
 * DoRA: each row of {@code W + D} is scaled to a length of its own, {@code m (W + D) / |W + D|}.
 * With f the factor of a row that is {@code f W + f D}: base factors and a scaled upper factor.
 */
final class Magnitudes {
  private Magnitudes() {}

  static DeltaTensor.Coded scaled(TensorView base, LowRank factors, TensorView magnitude) {
    int rows = factors.rows();
    if (magnitude.shape().elements() != rows) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "magnitudes are %s; wanted one for each of %d rows".formatted(magnitude.shape(), rows));
    }
    float[] wanted = magnitude.toFloats();
    float[] up = factors.up().toFloats();
    float[] baseFactors = new float[rows];
    for (int row = 0; row < rows; row++) {
      baseFactors[row] = (float) (wanted[row] / length(base, factors, row));
      for (int k = 0; k < factors.rank(); k++) {
        up[row * factors.rank() + k] *= baseFactors[row];
      }
    }
    var scaledUp = TensorView.of(Shape.of(rows, factors.rank()), up);
    return new DeltaTensor.Coded(
        new LowRank(scaledUp, factors.down(), factors.scale()), baseFactors, null);
  }

  private static double length(TensorView base, LowRank factors, int row) {
    int columns = factors.columns();
    float[] values = new float[columns];
    factors.readRow(row, values);
    double squares = 0;
    for (int column = 0; column < columns; column++) {
      double value = (double) base.getFloat((long) row * columns + column) + values[column];
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}

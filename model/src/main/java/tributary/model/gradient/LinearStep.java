package tributary.model.gradient;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Gemm;

/** A linear layer, {@code y = x W^T + b}: x [T, columns], y [T, rows]. */
final class LinearStep {
  private final Gemm gemm;
  private final String name;
  private final int rows;
  private final int columns;
  private final float[] weight;
  private final float @Nullable [] bias;

  /**
   * One of a model's layers.
   *
   * @param name without {@code .weight}
   */
  LinearStep(DenseModel model, Gemm gemm, String name, int rows, int columns) {
    this.gemm = gemm;
    this.name = name;
    this.rows = rows;
    this.columns = columns;
    this.weight = model.matrix(name + ".weight", rows, columns);
    this.bias = model.vectorIfAny(name + ".bias", rows);
  }

  Matrix forward(Matrix x) {
    Matrix y = Matrix.zeros(x.rows(), rows);
    if (bias != null) {
      for (int row = 0; row < y.rows(); row++) {
        System.arraycopy(bias, 0, y.values(), y.start(row), rows);
      }
    }
    gemm.addTransposed(y.values(), x.values(), weight, new Gemm.Extent(x.rows(), rows, columns));
    return y;
  }

  /** Adds the input's gradient to {@code dx}, and hands over weight's and bias's. */
  void backward(Matrix dx, Matrix dy, Matrix x, GradientSink sink) {
    gemm.add(dx.values(), dy.values(), weight, new Gemm.Extent(dy.rows(), columns, rows));
    if (sink.wants(name + ".weight")) {
      float[] gradient = new float[weight.length];
      gemm.addGram(gradient, dy.values(), x.values(), new Gemm.Extent(rows, columns, x.rows()));
      sink.accept(name + ".weight", gradient);
    }
    if (bias != null && sink.wants(name + ".bias")) {
      sink.accept(name + ".bias", columnSums(dy));
    }
  }

  private static float[] columnSums(Matrix matrix) {
    double[] sums = new double[matrix.columns()];
    for (int i = 0; i < matrix.values().length; i++) {
      sums[i % sums.length] += matrix.values()[i];
    }
    return floats(sums);
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}

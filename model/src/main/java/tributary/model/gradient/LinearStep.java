package tributary.model.gradient;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Gemm;
import tributary.model.network.Projection;

/** A linear layer, {@code y = x W^T + b}: x [T, columns], y [T, rows]. */
final class LinearStep {
  private final Gemm gemm;
  private final String weightName;
  private final String biasName;
  private final int rows;
  private final int columns;
  private final Values weight;
  private final float @Nullable [] bias;

  LinearStep(DenseModel model, Gemm gemm, Projection projection) {
    this.gemm = gemm;
    this.weightName = projection.weight().name();
    this.biasName = projection.bias().name();
    this.rows = projection.weight().rows();
    this.columns = projection.weight().columns();
    this.weight = model.matrix(projection.weight());
    this.bias = model.vectorIfAny(projection.bias());
  }

  int rows() {
    return rows;
  }

  Matrix forward(Matrix x) {
    Matrix y = Matrix.zeros(x.rows(), rows);
    if (bias != null) {
      for (int row = 0; row < y.rows(); row++) {
        System.arraycopy(bias, 0, y.values(), y.start(row), rows);
      }
    }
    gemm.addTransposed(
        y.values(), x.values(), weight.all(), new Gemm.Extent(x.rows(), rows, columns));
    return y;
  }

  /** Adds the input's gradient to {@code dx}, and hands over weight's and bias's. */
  void backward(Matrix dx, Matrix dy, Matrix x, GradientSink sink) {
    gemm.add(dx.values(), dy.values(), weight.all(), new Gemm.Extent(dy.rows(), columns, rows));
    if (sink.wants(weightName)) {
      float[] gradient = new float[weight.length()];
      gemm.addGram(gradient, dy.values(), x.values(), new Gemm.Extent(rows, columns, x.rows()));
      sink.accept(weightName, gradient);
    }
    if (bias != null && sink.wants(biasName)) {
      sink.accept(biasName, columnSums(dy));
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

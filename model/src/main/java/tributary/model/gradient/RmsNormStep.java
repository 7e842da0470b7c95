package tributary.model.gradient;

import tributary.model.decoder.Norm;

/** Root-mean-square normalization, {@code y = w x / sqrt(mean(x^2) + epsilon)}, row by row. */
final class RmsNormStep implements NormStep {
  private final String name;
  private final float[] weight;
  private final float offset;
  private final double epsilon;

  RmsNormStep(DenseModel model, Norm.RootMeanSquare norm) {
    this.name = norm.weight().name();
    this.weight = model.vector(norm.weight());
    this.offset = norm.weight().offset();
    this.epsilon = norm.epsilon();
  }

  @Override
  public Matrix forward(Matrix x) {
    Matrix y = Matrix.zeros(x.rows(), x.columns());
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          double scale = scale(x, row);
          for (int c = 0; c < weight.length; c++) {
            y.values()[from + c] = (float) (x.values()[from + c] * scale * (offset + weight[c]));
          }
        });
    return y;
  }

  private double scale(Matrix x, int row) {
    double squares = 0;
    for (int i = x.start(row); i < x.start(row + 1); i++) {
      squares += (double) x.values()[i] * x.values()[i];
    }
    return 1 / Math.sqrt(squares / x.columns() + epsilon);
  }

  /** With s the scale of a row and u = w dy, {@code dx = s u - s^3 x mean(x u)}. */
  @Override
  public void backward(Matrix dx, Matrix dy, Matrix x) {
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          double scale = scale(x, row);
          double product = 0;
          for (int c = 0; c < weight.length; c++) {
            double u = (double) (offset + weight[c]) * dy.values()[from + c];
            product += x.values()[from + c] * u;
          }
          double along = scale * scale * scale * product / weight.length;
          for (int c = 0; c < weight.length; c++) {
            double across = scale * (offset + weight[c]) * dy.values()[from + c];
            dx.values()[from + c] += (float) (across - along * x.values()[from + c]);
          }
        });
  }

  @Override
  public double[] sums() {
    return new double[weight.length];
  }

  @Override
  public void addParameterGradients(double[] sums, Matrix dy, Matrix x) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.start(row);
      double scale = scale(x, row);
      for (int c = 0; c < sums.length; c++) {
        sums[c] += dy.values()[from + c] * scale * x.values()[from + c];
      }
    }
  }

  @Override
  public void deliver(double[] sums, GradientSink sink) {
    if (sink.wants(name)) {
      sink.accept(name, LinearStep.floats(sums));
    }
  }
}

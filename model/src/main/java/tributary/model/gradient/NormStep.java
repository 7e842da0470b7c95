package tributary.model.gradient;

/** Root-mean-square normalization, {@code y = w x / sqrt(mean(x^2) + epsilon)}, row by row. */
final class NormStep {
  private final String name;
  private final float[] weight;
  private final double epsilon;

  /** The norm whose weight is called {@code name}. */
  NormStep(DenseModel model, String name) {
    this.name = name;
    this.weight = model.vector(name, model.config().hiddenSize());
    this.epsilon = model.config().normEpsilon();
  }

  Matrix forward(Matrix x) {
    Matrix y = Matrix.zeros(x.rows(), x.columns());
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          double scale = scale(x, row);
          for (int c = 0; c < weight.length; c++) {
            y.values()[from + c] = (float) (x.values()[from + c] * scale * weight[c]);
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

  /**
   * Adds the input's gradient to {@code dx}: with s the scale of a row and u = w dy, {@code dx = s
   * u - s^3 x mean(x u)}.
   */
  void backward(Matrix dx, Matrix dy, Matrix x) {
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          double scale = scale(x, row);
          double product = 0;
          for (int c = 0; c < weight.length; c++) {
            product += (double) x.values()[from + c] * weight[c] * dy.values()[from + c];
          }
          double along = scale * scale * scale * product / weight.length;
          for (int c = 0; c < weight.length; c++) {
            double across = scale * weight[c] * dy.values()[from + c];
            dx.values()[from + c] += (float) (across - along * x.values()[from + c]);
          }
        });
  }

  /** Adds the weight's gradient to {@code sums}. */
  void addWeightGradient(double[] sums, Matrix dy, Matrix x) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.start(row);
      double scale = scale(x, row);
      for (int c = 0; c < sums.length; c++) {
        sums[c] += dy.values()[from + c] * scale * x.values()[from + c];
      }
    }
  }

  /** As {@link #backward(Matrix, Matrix, Matrix)}, and hands over the weight's gradient. */
  void backward(Matrix dx, Matrix dy, Matrix x, GradientSink sink) {
    backward(dx, dy, x);
    if (sink.wants(name)) {
      double[] sums = new double[weight.length];
      addWeightGradient(sums, dy, x);
      sink.accept(name, LinearStep.floats(sums));
    }
  }
}

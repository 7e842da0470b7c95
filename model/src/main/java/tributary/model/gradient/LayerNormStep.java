package tributary.model.gradient;

import java.util.Arrays;
import tributary.model.decoder.Norm;

/**
 * Layer normalization, {@code y = w z + b} with {@code z = (x - mean(x)) / sqrt(variance(x) +
 * epsilon)}, row by row.
 */
final class LayerNormStep implements NormStep {
  private final String weightName;
  private final String biasName;
  private final float[] weight;
  private final float[] bias;
  private final double epsilon;

  /** A row's mean, and the factor on what is left of it. */
  private record Moments(double mean, double scale) {}

  LayerNormStep(DenseModel model, Norm.Layer norm) {
    this.weightName = norm.weight().name();
    this.biasName = norm.bias().name();
    this.weight = model.vector(norm.weight());
    this.bias = model.vector(norm.bias());
    this.epsilon = norm.epsilon();
  }

  private Moments moments(Matrix x, int row) {
    double sum = 0;
    for (int i = x.start(row); i < x.start(row + 1); i++) {
      sum += x.values()[i];
    }
    double mean = sum / x.columns();
    double squares = 0;
    for (int i = x.start(row); i < x.start(row + 1); i++) {
      squares += (x.values()[i] - mean) * (x.values()[i] - mean);
    }
    return new Moments(mean, 1 / Math.sqrt(squares / x.columns() + epsilon));
  }

  @Override
  public Matrix forward(Matrix x) {
    Matrix y = Matrix.zeros(x.rows(), x.columns());
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          Moments of = moments(x, row);
          for (int c = 0; c < weight.length; c++) {
            double z = (x.values()[from + c] - of.mean) * of.scale;
            y.values()[from + c] = (float) (z * weight[c] + bias[c]);
          }
        });
    return y;
  }

  /** With s the scale of a row and u = w dy, {@code dx = s (u - mean(u) - z mean(z u))}. */
  @Override
  public void backward(Matrix dx, Matrix dy, Matrix x) {
    RowLoop.run(
        x.rows(),
        x.columns(),
        row -> {
          int from = x.start(row);
          Moments of = moments(x, row);
          double sum = 0;
          double product = 0;
          for (int c = 0; c < weight.length; c++) {
            double u = (double) weight[c] * dy.values()[from + c];
            sum += u;
            product += u * (x.values()[from + c] - of.mean) * of.scale;
          }
          for (int c = 0; c < weight.length; c++) {
            double u = (double) weight[c] * dy.values()[from + c];
            double z = (x.values()[from + c] - of.mean) * of.scale;
            dx.values()[from + c] +=
                (float) (of.scale * (u - sum / weight.length - z * product / weight.length));
          }
        });
  }

  /** The weight's, then the bias's. */
  @Override
  public double[] sums() {
    return new double[2 * weight.length];
  }

  @Override
  public void addParameterGradients(double[] sums, Matrix dy, Matrix x) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.start(row);
      Moments of = moments(x, row);
      for (int c = 0; c < weight.length; c++) {
        sums[c] += dy.values()[from + c] * (x.values()[from + c] - of.mean) * of.scale;
        sums[weight.length + c] += dy.values()[from + c];
      }
    }
  }

  @Override
  public void deliver(double[] sums, GradientSink sink) {
    if (sink.wants(weightName)) {
      sink.accept(weightName, LinearStep.floats(Arrays.copyOf(sums, weight.length)));
    }
    if (sink.wants(biasName)) {
      sink.accept(
          biasName, LinearStep.floats(Arrays.copyOfRange(sums, weight.length, sums.length)));
    }
  }
}

package tributary.model.gradient;

import tributary.model.decoder.Norm;

/** A normalization, row by row. */
sealed interface NormStep permits RmsNormStep, LayerNormStep {
  static NormStep of(DenseModel model, Norm norm) {
    return switch (norm) {
      case Norm.RootMeanSquare rms -> new RmsNormStep(model, rms);
      case Norm.Layer layer -> new LayerNormStep(model, layer);
    };
  }

  Matrix forward(Matrix x);

  /** Adds the input's gradient to {@code dx}. */
  void backward(Matrix dx, Matrix dy, Matrix x);

  /** Room for the gradients of all parameters. */
  double[] sums();

  /** Adds the parameters' gradients to {@code sums}. */
  void addParameterGradients(double[] sums, Matrix dy, Matrix x);

  /** Hands over the parameters' gradients. */
  void deliver(double[] sums, GradientSink sink);

  /** Adds the input's gradient to {@code dx}, and hands over the parameters'. */
  default void backward(Matrix dx, Matrix dy, Matrix x, GradientSink sink) {
    backward(dx, dy, x);
    double[] sums = sums();
    addParameterGradients(sums, dy, x);
    deliver(sums, sink);
  }
}

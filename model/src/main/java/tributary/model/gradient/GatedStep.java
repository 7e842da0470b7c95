package tributary.model.gradient;

/** The gated unit of a feed-forward block, {@code y = silu(gate) up}, element by element. */
final class GatedStep {
  private GatedStep() {}

  static Matrix forward(Matrix gate, Matrix up) {
    Matrix y = Matrix.zeros(gate.rows(), gate.columns());
    RowLoop.run(
        gate.rows(),
        gate.columns(),
        row -> {
          for (int i = gate.start(row); i < gate.start(row + 1); i++) {
            double g = gate.values()[i];
            y.values()[i] = (float) (g * sigmoid(g) * up.values()[i]);
          }
        });
    return y;
  }

  /** Sets {@code dGate} and {@code dUp}: silu'(g) = s (1 + g (1 - s)) with s the sigmoid of g. */
  static void backward(Matrix dGate, Matrix dUp, Matrix dy, Matrix gate, Matrix up) {
    RowLoop.run(
        gate.rows(),
        gate.columns(),
        row -> {
          for (int i = gate.start(row); i < gate.start(row + 1); i++) {
            double g = gate.values()[i];
            double sigmoid = sigmoid(g);
            double slope = sigmoid * (1 + g * (1 - sigmoid));
            dGate.values()[i] = (float) (dy.values()[i] * up.values()[i] * slope);
            dUp.values()[i] = (float) (dy.values()[i] * g * sigmoid);
          }
        });
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}

package tributary.compression.distill;

/** The Adam optimizer, whose rate falls to 0 over the steps as half a cosine. */
final class Adam {
  private static final double FIRST_DECAY = 0.9;
  private static final double SECOND_DECAY = 0.999;
  private static final double EPSILON = 1e-8;

  private final double rate;
  private final int steps;
  private final double[] first;
  private final double[] second;
  private int step;

  Adam(int parameters, double rate, int steps) {
    this.rate = rate;
    this.steps = steps;
    this.first = new double[parameters];
    this.second = new double[parameters];
  }

  /** Moves the parameters against the gradient. */
  void move(double[] parameters, double[] gradient) {
    double now = rate * (1 + Math.cos(Math.PI * step / steps)) / 2;
    step++;
    double firstBias = 1 - Math.pow(FIRST_DECAY, step);
    double secondBias = 1 - Math.pow(SECOND_DECAY, step);
    for (int i = 0; i < parameters.length; i++) {
      first[i] += (1 - FIRST_DECAY) * (gradient[i] - first[i]);
      second[i] += (1 - SECOND_DECAY) * (gradient[i] * gradient[i] - second[i]);
      parameters[i] -= now * (first[i] / firstBias) / (Math.sqrt(second[i] / secondBias) + EPSILON);
    }
  }
}

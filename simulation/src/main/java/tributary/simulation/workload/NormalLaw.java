package tributary.simulation.workload;

/** The normal law's quantiles. */
final class NormalLaw {
  private NormalLaw() {}

  /** By bisection over the distribution function, which is exact enough and in one place. */
  static double quantile(double probability) {
    double low = -9;
    double high = 9;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (distribution(middle) < probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** By the series of Marsaglia, "Evaluating the normal distribution", 2004. */
  private static double distribution(double x) {
    double sum = x;
    double before = 0;
    double term = x;
    for (int i = 3; sum != before; i += 2) {
      before = sum;
      term *= x * x / i;
      sum += term;
    }
    return Math.clamp(0.5 + sum * Math.exp(-x * x / 2 - 0.9189385332046727), 0, 1);
  }
}

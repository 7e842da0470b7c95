package tributary.simulation.workload;

import java.util.SplittableRandom;

/** Random numbers of one purpose: those of another purpose do not change them. */
final class Dice {
  private final SplittableRandom random;

  Dice(long seed, String purpose) {
    random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + purpose.hashCode());
  }

  /** At least 0, below 1. */
  double uniform() {
    return random.nextDouble();
  }

  double gaussian() {
    return random.nextGaussian();
  }

  /** Of mean 1. */
  double exponential() {
    return -Math.log1p(-random.nextDouble());
  }

  /** Of this shape and scale 1; by Marsaglia and Tsang, "A simple method", 2000. */
  double gamma(double shape) {
    if (shape < 1) {
      return gamma(shape + 1) * Math.pow(1 - random.nextDouble(), 1 / shape);
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = Math.pow(1 + c * x, 3);
      if (v > 0 && Math.log(1 - random.nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}

package tributary.simulation.workload;

import tributary.protocol.TributaryException;

/** How many tokens a prompt or an answer has; at least 1 each time. */
public sealed interface LengthLaw {
  int LENGTH_MAX = 1 << 20;

  /** Always the same. */
  record Constant(int tokens) implements LengthLaw {
    public Constant {
      within("tokens", tokens);
    }
  }

  /** Each length from {@code min} to {@code max} alike. */
  record Uniform(int min, int max) implements LengthLaw {
    public Uniform {
      within("min tokens", min);
      if (max < min || max > LENGTH_MAX) {
        throw TributaryException.parameter("max tokens", max, min, LENGTH_MAX);
      }
    }
  }

  /** Each further token is as likely to be the last as any other. */
  record Geometric(double mean) implements LengthLaw {
    public Geometric {
      within("mean tokens", mean);
    }
  }

  /**
   * Most are short, few are very long.
   *
   * @param median in tokens
   * @param sigma standard deviation of the logarithm
   */
  record LogNormal(double median, double sigma) implements LengthLaw {
    public LogNormal {
      within("median tokens", median);
      if (!(sigma >= 0 && sigma <= 5)) {
        throw TributaryException.parameter("sigma", sigma, 0, 5);
      }
    }
  }

  /**
   * Reads {@code constant:N}, {@code uniform:MIN:MAX}, {@code geometric:MEAN} or {@code
   * lognormal:MEDIAN:SIGMA}.
   */
  static LengthLaw parse(String text) {
    var law = new LawText(text);
    return switch (law.name()) {
      case "constant" -> new Constant(law.whole(law.only()));
      case "uniform" -> {
        double[] n = law.numbers(2);
        yield new Uniform(law.whole(n[0]), law.whole(n[1]));
      }
      case "geometric" -> new Geometric(law.only());
      case "lognormal" -> {
        double[] n = law.numbers(2);
        yield new LogNormal(n[0], n[1]);
      }
      default ->
          throw law.unknown("constant:N, uniform:MIN:MAX, geometric:MEAN, lognormal:MEDIAN:SIGMA");
    };
  }

  private static void within(String name, double value) {
    if (!(value >= 1 && value <= LENGTH_MAX)) {
      throw TributaryException.parameter(name, value, 1, LENGTH_MAX);
    }
  }
}

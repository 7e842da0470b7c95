package tributary.simulation.workload;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** When requests come. Rates are requests per second, all times seconds. */
public sealed interface Arrivals {
  /** Each moment is as likely as any other. */
  record Poisson(double rate) implements Arrivals {
    public Poisson {
      positive("rate", rate);
    }
  }

  /**
   * Gaps of a Gamma law with shape {@code burstiness}, as in {@code vllm bench serve}: 1 is
   * Poisson, less is burstier, more is more even.
   */
  record Gamma(double rate, double burstiness) implements Arrivals {
    public Gamma {
      positive("rate", rate);
      positive("burstiness", burstiness);
    }
  }

  /**
   * A Poisson process whose rate rises and falls like a sine.
   *
   * @param rate on average
   * @param swing by which share of the average it goes up and down, 0 to 1
   * @param period of one rise and fall
   */
  record Diurnal(double rate, double swing, double period) implements Arrivals {
    public Diurnal {
      positive("rate", rate);
      positive("period", period);
      if (!(swing >= 0 && swing <= 1)) {
        throw TributaryException.parameter("swing", swing, 0, 1);
      }
    }
  }

  /**
   * A quiet Poisson process that is loud at times; the lengths of both kinds of times are
   * exponential.
   *
   * @param quiet mean length of quiet times
   * @param loud mean length of loud times
   */
  record Bursts(double quietRate, double loudRate, double quiet, double loud) implements Arrivals {
    public Bursts {
      positive("quiet rate", quietRate);
      positive("loud rate", loudRate);
      positive("quiet seconds", quiet);
      positive("loud seconds", loud);
    }
  }

  /**
   * Reads {@code poisson:RATE}, {@code gamma:RATE:BURSTINESS}, {@code diurnal:RATE:SWING:PERIOD} or
   * {@code bursts:QUIET_RATE:LOUD_RATE:QUIET_SECONDS:LOUD_SECONDS}.
   */
  static Arrivals parse(String text) {
    var law = new LawText(text);
    return switch (law.name()) {
      case "poisson" -> new Poisson(law.only());
      case "gamma" -> {
        double[] n = law.numbers(2);
        yield new Gamma(n[0], n[1]);
      }
      case "diurnal" -> {
        double[] n = law.numbers(3);
        yield new Diurnal(n[0], n[1], n[2]);
      }
      case "bursts" -> {
        double[] n = law.numbers(4);
        yield new Bursts(n[0], n[1], n[2], n[3]);
      }
      default ->
          throw law.unknown(
              "poisson:RATE, gamma:RATE:BURSTINESS, diurnal:RATE:SWING:PERIOD,"
                  + " bursts:QUIET_RATE:LOUD_RATE:QUIET_SECONDS:LOUD_SECONDS");
    };
  }

  private static void positive(String name, double value) {
    if (!(value > 0 && value < 1e9)) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s is %s; it must be above 0 and below 1e9".formatted(name, value));
    }
  }
}

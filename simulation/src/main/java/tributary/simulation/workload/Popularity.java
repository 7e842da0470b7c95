package tributary.simulation.workload;

import tributary.protocol.TributaryException;

/** How requests are spread over tenants. */
public sealed interface Popularity {
  /** All tenants alike. */
  record Uniform() implements Popularity {}

  /** The tenant of rank i gets a share proportional to 1 / i^exponent. */
  record Zipf(double exponent) implements Popularity {}

  /**
   * What DeltaZip's released generator draws under the name of Zipf: the share of rank i is
   * proportional to i^exponent, not to its inverse, which is far more even.
   */
  record DeltaZipReleased(double exponent) implements Popularity {}

  /**
   * Like the most called functions of the Azure Functions trace of 2021, from which DeltaZip takes
   * popularities. The trace itself is not here; this is the top of {@value #FUNCTIONS} values of a
   * log-normal law with sigma {@value #SIGMA}, an assumption.
   */
  record AzureFunctionsLike() implements Popularity {
    static final int FUNCTIONS = 424;
    static final double SIGMA = 3.5;
  }

  /**
   * Reads {@code uniform}, {@code zipf:EXPONENT}, {@code deltazip-zipf:EXPONENT} or {@code
   * azure-functions}.
   */
  static Popularity parse(String text) {
    var law = new LawText(text);
    return switch (law.name()) {
      case "uniform" -> {
        var _ = law.numbers(0);
        yield new Uniform();
      }
      case "zipf" -> new Zipf(exponent(law));
      case "deltazip-zipf" -> new DeltaZipReleased(exponent(law));
      case "azure-functions" -> {
        var _ = law.numbers(0);
        yield new AzureFunctionsLike();
      }
      default ->
          throw law.unknown("uniform, zipf:EXPONENT, deltazip-zipf:EXPONENT, azure-functions");
    };
  }

  private static double exponent(LawText law) {
    double exponent = law.only();
    if (!(exponent >= 0 && exponent <= 20)) {
      throw TributaryException.parameter("exponent", exponent, 0, 20);
    }
    return exponent;
  }

  /** Each tenant's share, in the order of their numbers; together 1. */
  default double[] shares(int tenants) {
    double[] shares = new double[tenants];
    double sum = 0;
    for (int i = 0; i < tenants; i++) {
      shares[i] = weight(i + 1);
      sum += shares[i];
    }
    for (int i = 0; i < tenants; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  private double weight(int rank) {
    return switch (this) {
      case Uniform _ -> 1;
      case Zipf(double exponent) -> Math.pow(rank, -exponent);
      case DeltaZipReleased(double exponent) -> Math.pow(rank, exponent);
      case AzureFunctionsLike _ -> {
        int of = Math.max(AzureFunctionsLike.FUNCTIONS, 2 * rank);
        double quantile = NormalLaw.quantile(1 - (rank - 0.5) / of);
        yield Math.exp(AzureFunctionsLike.SIGMA * quantile);
      }
    };
  }
}

package tributary.cli;

import picocli.CommandLine.Option;
import tributary.simulation.statistics.Objective;

/** What requests are promised. */
final class ObjectiveOptions {
  @Option(
      names = "--slo-ttft",
      defaultValue = "2",
      paramLabel = "SECONDS",
      description = "Promised time to the first token (default: ${DEFAULT-VALUE}).")
  private double firstToken;

  @Option(
      names = "--slo-tpot",
      defaultValue = "0.1",
      paramLabel = "SECONDS",
      description = "Promised time for each further token (default: ${DEFAULT-VALUE}).")
  private double perToken;

  @Option(
      names = "--slo-share",
      defaultValue = "0.95",
      paramLabel = "SHARE",
      description = "Share of requests that must get both (default: ${DEFAULT-VALUE}).")
  private double share;

  Objective objective() {
    return new Objective(firstToken, perToken, share);
  }
}

package tributary.cli;

import picocli.CommandLine.Option;

/** Where a command computes. */
final class BackendOptions {
  /** Which backend; {@code auto} takes the fastest that works here. */
  enum Choice {
    auto,
    vector,
    scalar
  }

  @Option(
      names = "--backend",
      defaultValue = "auto",
      paramLabel = "NAME",
      description = "auto, vector or scalar (default: ${DEFAULT-VALUE}).")
  private Choice backend = Choice.auto;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Threads that compute; 0 is one per core (default: ${DEFAULT-VALUE}).")
  private int threads;
}

package tributary.cli.soak;

import tributary.protocol.TributaryException;

/**
 * What to run.
 *
 * @param tenants that are registered
 * @param hot mean deltas that the memory for loaded variants holds
 * @param warm mean delta files that are kept open beside them
 * @param zipf exponent of the tenants' popularity; 0: all alike
 * @param clients that ask one after the other
 * @param seconds at most
 * @param events loads, evictions, reuses of pages and prefix hits after which the run ends
 */
public record SoakSettings(
    int tenants,
    int hot,
    int warm,
    double zipf,
    int clients,
    long seconds,
    long events,
    long seed) {
  public SoakSettings {
    within("tenants", tenants, 2, 100_000);
    within("hot", hot, 1, 100_000);
    within("warm", warm, 1, 100_000);
    within("zipf", zipf, 0, 5);
    within("clients", clients, 1, 256);
    within("minutes", seconds / 60.0, 0, 60 * 24 * 7);
    within("events", (double) events, 1, 1e19);
  }

  private static void within(String name, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
      throw TributaryException.parameter(name, value, min, max);
    }
  }
}

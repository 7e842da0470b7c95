package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What the deltas of one codec cost in a step, in seconds; none is negative.
 *
 * @param delta a distinct delta, whatever its size
 * @param gigabytes all distinct deltas' bytes together, each counted once, in 1e9 bytes
 * @param rowGigabyte a row times its delta's 1e9 bytes
 */
public record DeltaCosts(
    @JsonProperty("delta") double delta,
    @JsonProperty("gigabytes") Curve gigabytes,
    @JsonProperty("row_gigabyte") double rowGigabyte) {
  public DeltaCosts {
    if (!(Math.min(delta, rowGigabyte) >= 0)) {
      throw new IllegalArgumentException("a cost is at least 0");
    }
  }

  DeltaCosts times(double factor) {
    return new DeltaCosts(delta * factor, gigabytes.times(factor), rowGigabyte * factor);
  }
}

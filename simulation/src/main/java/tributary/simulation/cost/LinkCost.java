package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;

/**
 * A way for weights from one tier to the next.
 *
 * @param bytesPerSecond of one load that has it to itself; loads side by side share it
 * @param latencySeconds before the first byte
 * @param concurrent loads side by side at most
 */
public record LinkCost(
    @JsonProperty("bytes_per_second") double bytesPerSecond,
    @JsonProperty("latency_seconds") double latencySeconds,
    @JsonProperty("concurrent") int concurrent) {
  /** Takes no time that could be noticed. */
  public static final LinkCost AT_ONCE = new LinkCost(1e15, 0, 1000);

  public LinkCost {
    if (!(bytesPerSecond > 0) || !(latencySeconds >= 0) || concurrent < 1) {
      throw new IllegalArgumentException("a link moves something at some time");
    }
  }

  /** How long a load takes when {@code sharing} loads, itself among them, share the link. */
  public Nanos time(Bytes size, int sharing) {
    return new Nanos(
        Math.round(1e9 * (latencySeconds + size.count() * (double) sharing / bytesPerSecond)));
  }

  /** The same link at a fraction of its speed. */
  public LinkCost slowed(double factor) {
    return new LinkCost(bytesPerSecond / factor, latencySeconds * factor, concurrent);
  }
}

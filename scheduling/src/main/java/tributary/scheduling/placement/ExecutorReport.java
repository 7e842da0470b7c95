package tributary.scheduling.placement;

import java.util.Map;
import tributary.protocol.Bytes;

/**
 * What an executor tells of itself.
 *
 * @param memory for deltas on its device
 * @param taken of it
 * @param loaded parts of the variants that have some loaded or loading there, each with the tokens
 *     that its sequences wait for
 */
public record ExecutorReport(Bytes memory, Bytes taken, Map<String, Long> loaded) {
  public ExecutorReport {
    loaded = Map.copyOf(loaded);
  }

  /** Tokens that all its sequences wait for. */
  public long queuedTokens() {
    return loaded.values().stream().mapToLong(Long::longValue).sum();
  }
}

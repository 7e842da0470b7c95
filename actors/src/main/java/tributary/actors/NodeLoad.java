package tributary.actors;

import java.util.Map;
import tributary.protocol.DeltaId;
import tributary.scheduling.Scheduler;

/**
 * What a node carries at one moment. Counters only grow while the node lives.
 *
 * @param scheduler gauges of the device's scheduler
 * @param kvPages pages in the device's pool
 * @param steps device steps run
 * @param deltas one entry for each configured variant, so labels made of its keys are bounded
 */
public record NodeLoad(
    Scheduler.Load scheduler, int kvPages, long steps, Map<DeltaId, DeltaLoad> deltas) {
  /**
   * One variant's share.
   *
   * @param tier of the variant on this node
   * @param promptTokens of sequences that the device took
   * @param completionTokens that the device drew
   * @param sequences that the device took
   * @param refused requests that the variant or the device refused on this node
   */
  public record DeltaLoad(
      Tier tier, long promptTokens, long completionTokens, long sequences, long refused) {}

  public NodeLoad {
    deltas = Map.copyOf(deltas);
  }
}

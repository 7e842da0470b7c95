package tributary.actors;

import java.util.Map;
import tributary.protocol.DeltaId;
import tributary.scheduling.Scheduler;

/**
 * What a node carries at one moment. Counters only grow while the node lives.
 *
 * @param sequences what the device's scheduler holds
 * @param kvPages pages in the device's pool
 * @param steps device steps run
 * @param deltas one entry for each configured variant, so labels made of its keys are bounded
 */
public record NodeLoad(
    Sequences sequences, int kvPages, long steps, Map<DeltaId, DeltaLoad> deltas) {
  /** How many sequences wait, run or are parked, the KV pages they hold, and preemptions so far. */
  public record Sequences(int waiting, int running, int parked, int kvPagesUsed, long preemptions) {
    static Sequences of(Scheduler.Load load) {
      return new Sequences(
          load.waiting(), load.running(), load.parked(), load.kvPagesUsed(), load.preemptions());
    }
  }

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

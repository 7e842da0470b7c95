package tributary.actors;

import java.util.Map;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.Scheduler;
import tributary.scheduling.residency.Residency;
import tributary.scheduling.residency.Shelf;

/**
 * What a node carries at one moment. Counters only grow while the node lives.
 *
 * @param sequences what the device's scheduler holds
 * @param kvPages pages in the device's pool
 * @param steps device steps run
 * @param deltas one entry for each configured variant, so labels made of its keys are bounded
 * @param life of all its variants together
 */
public record NodeLoad(
    Sequences sequences, int kvPages, long steps, Map<DeltaId, DeltaLoad> deltas, Life life) {
  /** A node that has loaded nothing yet. */
  public NodeLoad(Sequences sequences, int kvPages, long steps, Map<DeltaId, DeltaLoad> deltas) {
    this(sequences, kvPages, steps, deltas, Life.NONE);
  }

  /**
   * What moved in memory so far.
   *
   * @param residency of the variants
   * @param kv pages and prefixes
   * @param shelf what is kept of variants in RAM, ready to be loaded again
   * @param starts of variants that were not loaded when they were asked for
   */
  public record Life(
      Residency.Load residency, Scheduler.Prefixes kv, Shelf.Load shelf, ColdStarts starts) {
    static final Life NONE =
        new Life(
            new Residency.Load(Bytes.ZERO, Bytes.ZERO, 0, 0, 0),
            new Scheduler.Prefixes(0, 0, 0, 0),
            new Shelf.Load(Bytes.ZERO, 0, 0, 0, 0),
            ColdStarts.NONE);

    /** Bytes of variants that are loaded. */
    public Bytes loaded() {
      return residency.device();
    }

    /** Planes of variants that went for others so far. */
    public long planesDropped() {
      return residency.planesDropped();
    }

    /** Delta files that are open and verified although nothing is loaded from them. */
    public int warm() {
      return shelf.count();
    }

    /** Bytes of these files. */
    public Bytes warmBytes() {
      return shelf.taken();
    }

    /** Loads of such files so far. */
    public long warmLoads() {
      return shelf.found();
    }

    /** Sequences so far that began with KV that was there. */
    public long prefixHits() {
      return kv.sequencesHelped();
    }

    /** Tokens so far that were not computed for it. */
    public long prefixTokens() {
      return kv.tokensFound();
    }
  }

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
   * @param replicas executors that serve it beside its home, as far as this node has been told
   */
  public record DeltaLoad(
      Tier tier,
      long promptTokens,
      long completionTokens,
      long sequences,
      long refused,
      Precision precision,
      int replicas) {}

  /**
   * How a variant is and was loaded.
   *
   * @param width at which it was last served; 0 if it never was
   * @param loads so far
   * @param evictions because others needed the memory
   * @param loading the time that loads took together
   */
  public record Precision(int width, long loads, long evictions, Nanos loading) {
    public Precision(int width, long loads, long evictions) {
      this(width, loads, evictions, Nanos.ZERO);
    }
  }

  public NodeLoad {
    deltas = Map.copyOf(deltas);
  }
}

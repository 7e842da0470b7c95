package tributary.actors;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import tributary.actors.NodeLoad.DeltaLoad;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.Scheduler;
import tributary.scheduling.residency.Residency;
import tributary.scheduling.residency.Shelf;

/** Where the node's actors leave their figures and any thread reads them. */
final class NodeMetrics {
  private static final Object NOBODY = new Object();

  /** A load that is over, by this process's clock. */
  private record Load(Nanos took, Nanos endedAt) {}

  private static final class Counters {
    volatile Tier tier = Tier.COLD;
    volatile Object holder = NOBODY;
    volatile String version = "";
    volatile Nanos loadBegan = Nanos.ZERO;
    volatile Load newest = new Load(Nanos.ZERO, Nanos.ZERO);
    final LongAdder loadNanos = new LongAdder();
    volatile int width;
    final LongAdder loads = new LongAdder();
    final LongAdder evictions = new LongAdder();
    final LongAdder promptTokens = new LongAdder();
    final LongAdder completionTokens = new LongAdder();
    final LongAdder sequences = new LongAdder();
    final LongAdder refused = new LongAdder();

    DeltaLoad read(int replicas) {
      return new DeltaLoad(
          tier,
          promptTokens.sum(),
          completionTokens.sum(),
          sequences.sum(),
          refused.sum(),
          new NodeLoad.Precision(width, loads.sum(), evictions.sum(), new Nanos(loadNanos.sum())),
          replicas);
    }
  }

  /** Of every variant that was ever served here: only registered ones get so far. */
  private final Map<DeltaId, Counters> deltas = new ConcurrentHashMap<>();

  private final int kvPages;
  private final MonotonicClock clock = MonotonicClock.SYSTEM;
  private final LongAdder steps = new LongAdder();
  private volatile NodeLoad.Sequences sequences = new NodeLoad.Sequences(0, 0, 0, 0, 0);

  private volatile Scheduler.Prefixes kv = NodeLoad.Life.NONE.kv();
  private volatile Supplier<Residency.Load> residency = NodeLoad.Life.NONE::residency;
  private volatile Supplier<Shelf.Load> shelf = NodeLoad.Life.NONE::shelf;
  private volatile ToIntFunction<DeltaId> replicas = _ -> 0;
  private final AtomicReference<ColdStarts> starts = new AtomicReference<>(ColdStarts.NONE);

  NodeMetrics(Set<DeltaId> served, int kvPages) {
    served.forEach(this::of);
    this.kvPages = kvPages;
  }

  /**
   * Where a variant is.
   *
   * @param holder who says so; that another holds nothing any more, which held it before, does not
   *     count
   */
  void tier(DeltaId id, Object holder, Tier tier) {
    Counters delta = of(id);
    if (tier == Tier.COLD && !delta.holder.equals(holder)) {
      return;
    }
    delta.holder = holder;
    if (tier == Tier.LOADING && delta.tier != Tier.LOADING) {
      delta.loadBegan = clock.now();
    } else if (tier == Tier.RESIDENT && delta.tier == Tier.LOADING) {
      Nanos now = clock.now();
      delta.newest = new Load(now.minus(delta.loadBegan), now);
      delta.loadNanos.add(delta.newest.took().count());
    }
    delta.tier = tier;
  }

  /** A sequence that comes to the device at a moment, with the load that it may have waited for. */
  DeviceSequence.Arrived arrived(DeltaId id, Nanos now) {
    Load load = of(id).newest;
    return new DeviceSequence.Arrived(now, load.took(), load.endedAt());
  }

  void width(DeltaId id, int width) {
    of(id).width = width;
  }

  void loaded(DeltaId id, String version) {
    of(id).version = version;
    of(id).loads.increment();
  }

  void evicted(DeltaId id) {
    of(id).evictions.increment();
  }

  void sequenceTaken(DeltaId id, int promptTokens) {
    of(id).sequences.increment();
    of(id).promptTokens.add(promptTokens);
  }

  void tokenDrawn(DeltaId id) {
    of(id).completionTokens.increment();
  }

  void refused(DeltaId id) {
    of(id).refused.increment();
  }

  void stepDone() {
    steps.increment();
  }

  void scheduler(Scheduler.Load load, Scheduler.Prefixes pages) {
    sequences = NodeLoad.Sequences.of(load);
    kv = pages;
  }

  /** Where to ask what lies in memory. */
  void residency(Supplier<Residency.Load> loaded, Supplier<Shelf.Load> kept) {
    residency = loaded;
    shelf = kept;
  }

  /** Where to ask how many executors serve a variant beside its home. */
  void replicas(ToIntFunction<DeltaId> told) {
    replicas = told;
  }

  /** A variant that was not loaded has brought its first token. */
  void started(ColdStarts start) {
    starts.updateAndGet(start::plus);
  }

  NodeLoad read() {
    return new NodeLoad(
        sequences,
        kvPages,
        steps.sum(),
        deltas.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    entry -> entry.getValue().read(replicas.applyAsInt(entry.getKey())))),
        new NodeLoad.Life(residency.get(), kv, shelf.get(), starts.get()));
  }

  /** Variants that can be computed with now or soon. */
  List<DeltaId> heldOrLoading() {
    return deltas.entrySet().stream()
        .filter(entry ->
            entry.getValue().tier == Tier.RESIDENT || entry.getValue().tier == Tier.LOADING)
        .map(Map.Entry::getKey)
        .toList();
  }

  boolean isResident(DeltaId id) {
    Counters delta = deltas.get(id);
    return delta != null && delta.tier == Tier.RESIDENT;
  }

  /** The version of a variant that was loaded last; empty if none was. */
  String version(DeltaId id) {
    Counters delta = deltas.get(id);
    return delta == null ? "" : delta.version;
  }

  private Counters of(DeltaId id) {
    return deltas.computeIfAbsent(id, _ -> new Counters());
  }
}

package tributary.actors;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;
import tributary.actors.NodeLoad.DeltaLoad;
import tributary.protocol.DeltaId;
import tributary.scheduling.Scheduler;

/** Where the node's actors leave their figures and any thread reads them. */
final class NodeMetrics {
  private static final class Counters {
    volatile Tier tier = Tier.COLD;
    final LongAdder promptTokens = new LongAdder();
    final LongAdder completionTokens = new LongAdder();
    final LongAdder sequences = new LongAdder();
    final LongAdder refused = new LongAdder();

    DeltaLoad read() {
      return new DeltaLoad(
          tier, promptTokens.sum(), completionTokens.sum(), sequences.sum(), refused.sum());
    }
  }

  private final Map<DeltaId, Counters> deltas;

  /** Takes what belongs to a variant that is not configured here, which no one reads. */
  private final Counters others = new Counters();

  private final int kvPages;
  private final LongAdder steps = new LongAdder();
  private volatile NodeLoad.Sequences sequences = new NodeLoad.Sequences(0, 0, 0, 0, 0);

  NodeMetrics(Set<DeltaId> served, int kvPages) {
    this.deltas =
        served.stream()
            .collect(Collectors.toUnmodifiableMap(Function.identity(), _ -> new Counters()));
    this.kvPages = kvPages;
  }

  void tier(DeltaId id, Tier tier) {
    of(id).tier = tier;
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

  void scheduler(Scheduler.Load load) {
    sequences = NodeLoad.Sequences.of(load);
  }

  NodeLoad read() {
    return new NodeLoad(
        sequences,
        kvPages,
        steps.sum(),
        deltas.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().read())));
  }

  private Counters of(DeltaId id) {
    return deltas.getOrDefault(id, others);
  }
}

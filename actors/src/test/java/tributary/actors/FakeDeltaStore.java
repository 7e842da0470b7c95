package tributary.actors;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Footprint;

/** Loads nothing, at once or when told to, and remembers what is resident. */
final class FakeDeltaStore implements DeltaStore {
  static final int VOCABULARY = 1000;

  private final AtomicLong numbers = new AtomicLong();
  private final Semaphore gate = new Semaphore(Integer.MAX_VALUE / 2);
  private final Queue<RuntimeException> failures = new ArrayDeque<>();
  private final Set<LoadedDelta> resident = ConcurrentHashMap.newKeySet();
  private final Map<LoadedDelta, Integer> widths = new ConcurrentHashMap<>();
  private volatile String version = FileDeltaStore.CONFIGURED;
  private volatile @Nullable RuntimeException gone;
  private volatile List<Bytes> sizes = List.of(new Bytes(1));
  private final Map<DeltaId, AtomicInteger> loads = new ConcurrentHashMap<>();

  @Override
  public Described describe(DeltaId id) {
    RuntimeException reason = gone;
    if (reason != null) {
      throw reason;
    }
    return new Described(id, version, new Footprint(sizes), DeltaTerms.DEFAULT);
  }

  /** A loading that no loader asked for. */
  LoadedDelta load(DeltaId id) {
    return load(describe(id), numbers.incrementAndGet(), 1);
  }

  @Override
  public LoadedDelta load(Described described, long number, int width) {
    DeltaId id = described.id();
    gate.acquireUninterruptibly();
    loads.computeIfAbsent(id, _ -> new AtomicInteger()).incrementAndGet();
    synchronized (failures) {
      RuntimeException failure = failures.poll();
      if (failure != null) {
        throw failure;
      }
    }
    var delta =
        new LoadedDelta(
            id,
            number,
            VOCABULARY,
            sizes.getLast(),
            described.version(),
            described.footprint().widths());
    resident.add(delta);
    widths.put(delta, width);
    return delta;
  }

  @Override
  public void raise(LoadedDelta delta, int from, int to) {
    if (!resident.contains(delta)) {
      throw new AssertionError(delta + " is raised without being resident");
    }
  }

  @Override
  public void serveAt(LoadedDelta delta, int width) {
    widths.put(delta, width);
  }

  /** From now on the variants are of this version. */
  void version(String next) {
    version = next;
  }

  /** From now on there is no such variant. */
  void remove(RuntimeException reason) {
    gone = reason;
  }

  /** Sizes at widths 1, 2, and so on. */
  void sizes(long... bytes) {
    sizes = Arrays.stream(bytes).mapToObj(Bytes::new).toList();
  }

  @Override
  public int width(LoadedDelta delta) {
    return widths.getOrDefault(delta, 0);
  }

  @Override
  public void unload(LoadedDelta delta) {
    if (!resident.remove(delta)) {
      throw new AssertionError(delta + " is unloaded without being resident");
    }
  }

  /** Loads wait from now on. */
  void hold() {
    gate.drainPermits();
  }

  void letGo() {
    gate.drainPermits();
    gate.release(Integer.MAX_VALUE / 2);
  }

  /** The next load fails. */
  void failNext(RuntimeException failure) {
    synchronized (failures) {
      failures.add(failure);
    }
  }

  Set<LoadedDelta> resident() {
    return Set.copyOf(resident);
  }

  int loads(DeltaId id) {
    AtomicInteger count = loads.get(id);
    return count == null ? 0 : count.get();
  }
}

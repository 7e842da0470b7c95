package tributary.actors;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/** Loads nothing, at once or when told to, and remembers what is resident. */
final class FakeDeltaStore implements DeltaStore {
  static final int VOCABULARY = 1000;

  private final AtomicLong numbers = new AtomicLong();
  private final Semaphore gate = new Semaphore(Integer.MAX_VALUE / 2);
  private final Queue<RuntimeException> failures = new ArrayDeque<>();
  private final Set<LoadedDelta> resident = ConcurrentHashMap.newKeySet();
  private final Map<DeltaId, AtomicInteger> loads = new ConcurrentHashMap<>();

  @Override
  public LoadedDelta load(DeltaId id) {
    gate.acquireUninterruptibly();
    loads.computeIfAbsent(id, _ -> new AtomicInteger()).incrementAndGet();
    synchronized (failures) {
      RuntimeException failure = failures.poll();
      if (failure != null) {
        throw failure;
      }
    }
    var delta = new LoadedDelta(id, numbers.incrementAndGet(), VOCABULARY, new Bytes(1));
    resident.add(delta);
    return delta;
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

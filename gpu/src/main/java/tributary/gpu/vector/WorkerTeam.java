package tributary.gpu.vector;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that share the chunks of one parallel region after another; the caller is one of them.
 *
 * <p>A region is published by one write to {@link #unclaimed} and ends when {@link #unfinished}
 * reaches 0: nobody waits for a thread that has no chunk. Between regions a worker spins for {@link
 * #SPIN_NANOS}, long enough for the next kernel of a step to arrive, then parks, so that an idle
 * server uses no processor.
 *
 * <p>A worker that wakes late may claim a chunk of a later region than the one that woke it. That
 * is harmless: {@link #body} and {@link #chunks} were written before {@link #unclaimed}, and stay
 * until every claimed chunk is finished.
 */
final class WorkerTeam implements AutoCloseable {
  private static final long SPIN_NANOS = 50_000;
  private static final int SPINS_PER_CLOCK_READ = 64;

  /** What a region does. */
  interface Body {
    /**
     * Computes one chunk.
     *
     * @param worker a number below {@link #threads} that no other running chunk has: it owns
     *     scratch
     */
    void chunk(int chunk, int worker);
  }

  private final Worker[] workers;
  private final AtomicInteger unclaimed = new AtomicInteger();
  private final AtomicInteger unfinished = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private @Nullable Body body;
  private int chunks;
  private volatile @Nullable Thread waitingCaller;
  private volatile boolean closed;

  private WorkerTeam(int threads) {
    workers = new Worker[threads - 1];
  }

  /**
   * Starts a team; the owner closes it.
   *
   * @param threads including the caller's
   */
  static WorkerTeam start(int threads) {
    var team = new WorkerTeam(threads);
    for (int i = 0; i < team.workers.length; i++) {
      team.workers[i] = team.new Worker(i + 1);
      team.workers[i].thread.start();
    }
    return team;
  }

  int threads() {
    return workers.length + 1;
  }

  /**
   * Runs chunks [0, count) and returns when all are done. One region at a time.
   *
   * @throws RuntimeException or Error the first that a chunk threw; chunks not yet begun are left
   */
  void run(int count, Body region) {
    if (closed) {
      throw new IllegalStateException("worker team is closed");
    }
    if (count <= 1 || workers.length == 0) {
      for (int chunk = 0; chunk < count; chunk++) {
        region.chunk(chunk, 0);
      }
      return;
    }
    body = region;
    chunks = count;
    unfinished.set(count);
    unclaimed.set(count);
    for (Worker worker : workers) {
      worker.wake();
    }
    takePart(0);
    awaitOthers();
    body = null;
    Throwable thrown = failure.getAndSet(null);
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Claims and computes chunks until none is left; true when there was one. */
  private boolean takePart(int worker) {
    int done = 0;
    while (unclaimed.get() > 0) {
      int claim = unclaimed.getAndDecrement();
      if (claim <= 0) {
        break;
      }
      compute(chunks - claim, worker);
      done++;
    }
    if (done > 0 && unfinished.addAndGet(-done) == 0) {
      LockSupport.unpark(waitingCaller);
    }
    return done > 0;
  }

  private void compute(int chunk, int worker) {
    Body region = body;
    if (region == null || failure.get() != null) {
      return;
    }
    try {
      region.chunk(chunk, worker);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private void awaitOthers() {
    if (spinUntilFinished()) {
      return;
    }
    waitingCaller = Thread.currentThread();
    while (unfinished.get() > 0) {
      LockSupport.park(this);
    }
    waitingCaller = null;
  }

  private boolean spinUntilFinished() {
    long end = System.nanoTime() + SPIN_NANOS;
    while (unfinished.get() > 0) {
      for (int i = 0; i < SPINS_PER_CLOCK_READ && unfinished.get() > 0; i++) {
        Thread.onSpinWait();
      }
      if (System.nanoTime() - end > 0) {
        return unfinished.get() == 0;
      }
    }
    return true;
  }

  /** Ends the threads and waits for them. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker.thread);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.thread.isAlive()) {
        try {
          worker.thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker {
    private final Thread thread;
    private final int number;
    private volatile boolean parked;

    Worker(int number) {
      this.number = number;
      this.thread =
          Thread.ofPlatform().daemon().name("tributary-compute-" + number).unstarted(this::work);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(thread);
      }
    }

    private void work() {
      while (!closed) {
        if (!takePart(number) && !spinUntilWork()) {
          parked = true;
          while (unclaimed.get() <= 0 && !closed) {
            LockSupport.park(WorkerTeam.this);
          }
          parked = false;
        }
      }
    }

    /** True when work came, false when it is time to park. */
    private boolean spinUntilWork() {
      long end = System.nanoTime() + SPIN_NANOS;
      while (true) {
        for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
          if (unclaimed.get() > 0) {
            return true;
          }
          Thread.onSpinWait();
        }
        if (System.nanoTime() - end > 0) {
          return false;
        }
      }
    }
  }
}

package tributary.actors;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Runs actors on the threads that send to them, before the sending returns: for actors that do
 * little, never wait and are sent to by others that run anyway, as those that write to sockets are.
 * A message to such an actor wakes no thread. What is sent while one of them runs on a thread is
 * run after it on that thread, so that stacks do not grow; an actor still runs on one thread at a
 * time, because its mailbox sees to that.
 */
public final class CallerThreads extends ExecutorServiceConfigurator {
  /** Made by Akka, for a dispatcher whose {@code executor} is this class. */
  public CallerThreads(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
    return CallerExecutor::new;
  }

  /** What runs on one thread. */
  private static final class Turn {
    final Queue<Runnable> waiting = new ArrayDeque<>();
    boolean taken;
  }

  private static final class CallerExecutor extends AbstractExecutorService {
    private final ThreadLocal<Turn> turns = ThreadLocal.withInitial(Turn::new);
    private volatile boolean closed;

    @Override
    public void execute(Runnable task) {
      if (closed) {
        throw new RejectedExecutionException("the executor is closed");
      }
      Turn turn = turns.get();
      turn.waiting.add(task);
      if (!turn.taken) {
        run(turn);
      }
    }

    /** One that fails does not keep others from running. */
    private static void run(Turn turn) {
      turn.taken = true;
      try {
        for (Runnable next = turn.waiting.poll(); next != null; next = turn.waiting.poll()) {
          next.run();
        }
      } finally {
        turn.taken = false;
        if (!turn.waiting.isEmpty()) {
          run(turn);
        }
      }
    }

    @Override
    public void shutdown() {
      closed = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      closed = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return closed;
    }

    @Override
    public boolean isTerminated() {
      return closed;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return closed;
    }
  }
}

package tributary.streams;

import akka.Done;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * The answers that are being given now. Once draining, no further one may start; who drains learns
 * when the last has ended and may cut the rest.
 */
final class OpenAnswers {
  private final CompletableFuture<Done> ended = new CompletableFuture<>();
  private final Set<Runnable> cuts = new HashSet<>();
  private int count;
  private boolean draining;
  private boolean over;

  /** Counts one more answer; {@link #leave(Runnable)} must follow. */
  synchronized void enter() {
    if (draining) {
      throw refusal();
    }
    count++;
  }

  /** One that was counted runs; {@code cut} ends it, at once if it comes too late. */
  void begin(Runnable cut) {
    boolean late;
    synchronized (this) {
      cuts.add(cut);
      late = over;
    }
    if (late) {
      cut.run();
    }
  }

  synchronized void leave(Runnable cut) {
    cuts.remove(cut);
    count--;
    if (draining && count == 0) {
      ended.complete(Done.getInstance());
    }
  }

  /** Completes when no answer is open. */
  synchronized CompletionStage<Done> drain() {
    draining = true;
    if (count == 0) {
      ended.complete(Done.getInstance());
    }
    return ended;
  }

  synchronized boolean isDraining() {
    return draining;
  }

  synchronized int count() {
    return count;
  }

  /** Ends what has not ended by itself. */
  void cutRest() {
    List<Runnable> rest;
    synchronized (this) {
      over = true;
      rest = List.copyOf(cuts);
    }
    rest.forEach(Runnable::run);
  }

  static TributaryException refusal() {
    return new TributaryException(
        ErrorCode.SHUTTING_DOWN, "the server is shutting down; ask another one, or again later");
  }
}

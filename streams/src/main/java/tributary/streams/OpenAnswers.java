package tributary.streams;

import akka.Done;
import akka.NotUsed;
import akka.stream.KillSwitches;
import akka.stream.SharedKillSwitch;
import akka.stream.javadsl.Flow;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * The answers that are being given now. Once draining, no further one may start; who drains learns
 * when the last has ended and may cut the rest.
 */
final class OpenAnswers {
  private final SharedKillSwitch cut = KillSwitches.shared("answers");
  private final CompletableFuture<Done> ended = new CompletableFuture<>();
  private int count;
  private boolean draining;

  /** Counts one more answer; {@link #leave} must follow. */
  synchronized void enter() {
    if (draining) {
      throw refusal();
    }
    count++;
  }

  synchronized void leave() {
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
    cut.shutdown();
  }

  <T> Flow<T, T, NotUsed> untilCut() {
    return Flow.<T>create().via(cut.flow());
  }

  static TributaryException refusal() {
    return new TributaryException(
        ErrorCode.SHUTTING_DOWN, "the server is shutting down; ask another one, or again later");
  }
}

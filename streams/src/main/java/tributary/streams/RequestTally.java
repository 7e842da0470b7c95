package tributary.streams;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.FinishReason;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.Usage;

/** What became of one accepted request: figures for the metrics, and one line for the log. */
final class RequestTally {
  /** One line for each request, whatever became of it; never its content. */
  static final Logger LOG = LoggerFactory.getLogger("tributary.request");

  /** What other servers log for a client that went away; never sent. */
  private static final int STATUS_CLIENT_GONE = 499;

  private final String requestId;
  private final AcceptedRequest request;
  private final ModelMetrics metrics;
  private final LongSupplier nanoTime;
  private final long arrivedAt;
  private final @Nullable Nanos[] lastTokenAt;
  private final boolean[] ended;
  private @Nullable Nanos firstTokenAfter;
  private int tokens;
  private @Nullable Usage usage;
  private @Nullable Refusal refusal;

  /** Counts the request's sequences as waiting. */
  RequestTally(
      String requestId,
      AcceptedRequest request,
      ModelMetrics metrics,
      LongSupplier nanoTime,
      long arrivedAt) {
    this.requestId = requestId;
    this.request = request;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    this.arrivedAt = arrivedAt;
    this.lastTokenAt = new @Nullable Nanos[request.choices().size()];
    this.ended = new boolean[request.choices().size()];
    metrics.submitted(request);
  }

  /** A choice got a token. */
  synchronized void token(int choice) {
    var now = sinceArrival();
    Nanos last = lastTokenAt[choice];
    if (last == null) {
      metrics.began();
    } else {
      metrics.gap(now.minus(last));
    }
    lastTokenAt[choice] = now;
    tokens++;
    if (firstTokenAfter == null) {
      firstTokenAfter = now;
      metrics.firstToken(now);
    }
  }

  /** The reader is told this now. */
  synchronized void told(AnswerEvent event) {
    switch (event) {
      case AnswerEvent.Ended end -> {
        left(end.choice());
        metrics.finished(end.reason());
      }
      case AnswerEvent.Completed completed -> usage = completed.usage();
      case AnswerEvent.Failed failed -> refusal = failed.refusal();
      case AnswerEvent.Began _, AnswerEvent.Text _, AnswerEvent.Waiting _ -> {}
    }
  }

  /** The answer is over, whoever ended it; returns why it failed, if it did. */
  synchronized @Nullable Refusal close() {
    for (int choice = 0; choice < ended.length; choice++) {
      if (!ended[choice]) {
        left(choice);
        metrics.finished(FinishReason.CANCELLED);
      }
    }
    Nanos duration = sinceArrival();
    if (usage != null) {
      metrics.completed(duration, request.promptTokens(), tokens);
    } else if (refusal == null) {
      metrics.clientGone();
    }
    LOG.info(
        "id={} answer={} model={} status={} outcome={} stream={} choices={} prompt_tokens={}"
            + " completion_tokens={} ttft_ms={} duration_ms={}",
        requestId,
        request.id(),
        request.modelName(),
        status(),
        outcome(),
        request.delivery().stream(),
        request.choices().size(),
        request.promptTokens(),
        tokens,
        firstTokenAfter == null ? "-" : millis(firstTokenAfter),
        millis(duration));
    return refusal;
  }

  private void left(int choice) {
    ended[choice] = true;
    metrics.left(lastTokenAt[choice] != null);
  }

  private int status() {
    if (refusal != null) {
      return refusal.code().httpStatus();
    }
    return usage != null ? 200 : STATUS_CLIENT_GONE;
  }

  private String outcome() {
    if (refusal != null) {
      return refusal.code().wireName();
    }
    return usage != null ? "complete" : "client_gone";
  }

  private Nanos sinceArrival() {
    return new Nanos(nanoTime.getAsLong() - arrivedAt);
  }

  private static long millis(Nanos span) {
    return TimeUnit.NANOSECONDS.toMillis(span.count());
  }
}

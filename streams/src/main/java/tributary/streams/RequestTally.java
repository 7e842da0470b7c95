package tributary.streams;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import kamon.trace.Span;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.FinishReason;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.Timing;
import tributary.protocol.Usage;
import tributary.streams.tenancy.Account;

/** What became of one accepted request: figures for the metrics, and one line for the log. */
final class RequestTally {
  /** One line for each request, whatever became of it; never its content. */
  static final Logger LOG = LoggerFactory.getLogger("tributary.request");

  /** What other servers log for a client that went away; never sent. */
  private static final int STATUS_CLIENT_GONE = 499;

  private final Origin origin;
  private final AcceptedRequest request;
  private final Account account;
  private final ModelMetrics metrics;
  private final Clock clock;
  private final @Nullable Nanos[] firstTokenAt;
  private final @Nullable Nanos[] lastTokenAt;
  private final @Nullable Nanos[] endedAt;
  private final @Nullable Timing[] timings;
  private final boolean[] ended;
  private @Nullable Nanos firstTokenAfter;
  private int tokens;
  private @Nullable Usage usage;
  private @Nullable Refusal refusal;

  /**
   * When the request arrived, and what tells the time since.
   *
   * @param now for the moments that spans show
   */
  record Clock(LongSupplier nanoTime, long arrivedAt, InstantSource now) {}

  /**
   * Where the request comes from.
   *
   * @param id the name that it has in logs
   * @param caller its sender's span; may be empty
   */
  record Origin(String id, Span caller) {}

  /** Counts the request's sequences as waiting. */
  RequestTally(
      Origin origin, AcceptedRequest request, Account account, ModelMetrics metrics, Clock clock) {
    this.origin = origin;
    this.request = request;
    this.account = account;
    this.metrics = metrics;
    this.clock = clock;
    int choices = request.choices().size();
    this.firstTokenAt = new @Nullable Nanos[choices];
    this.lastTokenAt = new @Nullable Nanos[choices];
    this.endedAt = new @Nullable Nanos[choices];
    this.timings = new @Nullable Timing[choices];
    this.ended = new boolean[choices];
    metrics.submitted(request);
  }

  /** A choice got a token. */
  synchronized void token(int choice) {
    var now = sinceArrival();
    Nanos last = lastTokenAt[choice];
    if (last == null) {
      firstTokenAt[choice] = now;
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

  /** The device has ended a choice, and may have told where its time went. */
  synchronized void finished(int choice, @Nullable Timing timing) {
    timings[choice] = timing;
    endedAt[choice] = sinceArrival();
    if (timing != null) {
      metrics.queued(timing.queue());
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
      case AnswerEvent.Began _,
          AnswerEvent.Text _,
          AnswerEvent.Call _,
          AnswerEvent.PromptScores _,
          AnswerEvent.State _,
          AnswerEvent.Waiting _ -> {}
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
    settle();
    trace(duration);
    LOG.info(
        "id={} key={} answer={} model={} status={} outcome={} stream={} choices={} prompt_tokens={}"
            + " completion_tokens={} ttft_ms={} duration_ms={}",
        origin.id(),
        account.caller().id(),
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

  private void trace(Nanos duration) {
    var sequences = new ArrayList<RequestTrace.Sequence>(ended.length);
    for (int choice = 0; choice < ended.length; choice++) {
      sequences.add(
          new RequestTrace.Sequence(
              choice, firstTokenAt[choice], endedAt[choice], timings[choice]));
    }
    var summary =
        new RequestTrace.Summary(
            request.id(),
            request.modelName(),
            request.endpoint().name().toLowerCase(Locale.ROOT),
            request.promptTokens(),
            tokens,
            refusal == null ? null : refusal.code().wireName());
    new RequestTrace(origin.caller(), clock.now().instant(), duration).tell(summary, sequences);
  }

  /** What was computed counts, whoever did not want the rest; what was refused does not. */
  private void settle() {
    if (tokens == 0) {
      account.release();
    } else {
      account.abandon(
          request.id(), request.modelName(), new Usage(request.promptTokens(), tokens), outcome());
    }
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
    return new Nanos(clock.nanoTime().getAsLong() - clock.arrivedAt());
  }

  private static long millis(Nanos span) {
    return TimeUnit.NANOSECONDS.toMillis(span.count());
  }
}

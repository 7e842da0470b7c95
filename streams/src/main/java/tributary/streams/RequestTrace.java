package tributary.streams;

import java.time.Instant;
import kamon.Kamon;
import kamon.trace.Span;
import kamon.trace.SpanBuilder;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;
import tributary.protocol.Timing;

/**
 * Tells the tracing of one request that is over: a span for all of it, and within it for each
 * sequence the load and the queue that it waited for, its steps, and what its reader was told when.
 */
final class RequestTrace {
  /** What is known of a sequence, in spans since the request came. */
  record Sequence(
      int choice, @Nullable Nanos firstToken, @Nullable Nanos ended, @Nullable Timing timing) {}

  /**
   * What the request's own span says.
   *
   * @param refusal code of what went wrong, if something did
   */
  record Summary(
      String answer,
      String model,
      String endpoint,
      int promptTokens,
      int completionTokens,
      @Nullable String refusal) {}

  private final Span caller;
  private final Instant arrived;
  private final Nanos duration;

  /**
   * @param caller the span that the request belongs into; may be empty
   */
  RequestTrace(Span caller, Instant ended, Nanos duration) {
    this.caller = caller;
    this.arrived = ended.minusNanos(duration.count());
    this.duration = duration;
  }

  void tell(Summary summary, Iterable<Sequence> sequences) {
    SpanBuilder builder =
        Kamon.serverSpanBuilder("request", "tributary")
            .ignoreParentFromContext()
            .doNotTrackMetrics()
            .tag("tributary.answer", summary.answer())
            .tag("tributary.model", summary.model())
            .tag("tributary.endpoint", summary.endpoint())
            .tag("tributary.prompt_tokens", summary.promptTokens())
            .tag("tributary.completion_tokens", summary.completionTokens());
    Span request = (caller.isEmpty() ? builder : builder.asChildOf(caller)).start(arrived);
    for (Sequence sequence : sequences) {
      tell(sequence, request);
    }
    if (summary.refusal() != null) {
      request.fail(summary.refusal());
    }
    request.finish(at(duration));
  }

  private void tell(Sequence sequence, Span request) {
    Nanos ended = sequence.ended() == null ? duration : sequence.ended();
    Timing timing = sequence.timing();
    if (timing != null) {
      // The device's spans end where the last event left it, as near as this clock can tell.
      Nanos stepsBegan = before(ended, timing.steps());
      Nanos submitted = before(stepsBegan, timing.queue());
      tellLoad(sequence, timing, submitted, request);
      span("queue", sequence, request, submitted, stepsBegan);
      child("step", sequence, request)
          .tag("tributary.steps", timing.stepCount())
          .start(at(stepsBegan))
          .finish(at(ended));
    }
    if (sequence.firstToken() != null) {
      span("stream", sequence, request, sequence.firstToken(), ended);
    }
  }

  /** The part of the variant's newest load that passed while the request was there. */
  private void tellLoad(Sequence sequence, Timing timing, Nanos submitted, Span request) {
    long loadEnded = submitted.count() - timing.loadAge().count();
    if (timing.load().count() > 0 && loadEnded > 0) {
      Nanos began = new Nanos(Math.max(0, loadEnded - timing.load().count()));
      span("load", sequence, request, began, new Nanos(loadEnded));
    }
  }

  private void span(String name, Sequence sequence, Span request, Nanos from, Nanos to) {
    child(name, sequence, request).start(at(from)).finish(at(to));
  }

  private static SpanBuilder child(String name, Sequence sequence, Span request) {
    return Kamon.internalSpanBuilder(name, "tributary")
        .asChildOf(request)
        .doNotTrackMetrics()
        .tag("tributary.choice", sequence.choice());
  }

  private static Nanos before(Nanos moment, Nanos span) {
    return new Nanos(Math.max(0, moment.count() - span.count()));
  }

  private Instant at(Nanos sinceArrival) {
    return arrived.plusNanos(sinceArrival.count());
  }
}

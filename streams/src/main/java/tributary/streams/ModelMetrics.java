package tributary.streams;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.DynamicRange;
import kamon.metric.Gauge;
import kamon.metric.Histogram;
import kamon.metric.MeasurementUnit;
import kamon.tag.TagSet;
import tributary.protocol.FinishReason;
import tributary.protocol.Nanos;

/** The series of one model, under the names that dashboards for vLLM know. Thread-safe. */
final class ModelMetrics {
  private static final long SPAN_MICROS_MAX = TimeUnit.SECONDS.toMicros(7680);
  private static final long COUNT_MAX = 1L << 30;
  private static final int DIGITS = 2;
  private static final String ENGINE = "0";

  private final Gauge waiting;
  private final Gauge running;
  private final Histogram timeToFirstToken;
  private final Histogram interTokenLatency;
  private final Histogram endToEnd;
  private final Histogram queueTime;
  private final Histogram promptTokensPerRequest;
  private final Histogram generationTokensPerRequest;
  private final Histogram choicesPerRequest;
  private final Counter promptTokens;
  private final Counter generationTokens;
  private final Map<FinishReason, Counter> finished = new EnumMap<>(FinishReason.class);
  private final Counter requests;
  private final Counter clientsGone;

  ModelMetrics(String model) {
    TagSet tags = tags(model);
    waiting =
        Kamon.gauge("vllm:num_requests_waiting", "Sequences without a token yet").withTags(tags);
    running =
        Kamon.gauge("vllm:num_requests_running", "Sequences between first and last token")
            .withTags(tags);
    timeToFirstToken = span("vllm:time_to_first_token_seconds", tags);
    interTokenLatency = span("vllm:inter_token_latency_seconds", tags);
    endToEnd = span("vllm:e2e_request_latency_seconds", tags);
    queueTime = span("vllm:request_queue_time_seconds", tags);
    promptTokensPerRequest = size("vllm:request_prompt_tokens", tags);
    generationTokensPerRequest = size("vllm:request_generation_tokens", tags);
    choicesPerRequest = size("vllm:request_params_n", tags);
    promptTokens = Kamon.counter("vllm:prompt_tokens").withTags(tags);
    generationTokens = Kamon.counter("vllm:generation_tokens").withTags(tags);
    for (FinishReason reason : FinishReason.values()) {
      finished.put(
          reason,
          Kamon.counter("vllm:request_success")
              .withTags(tags)
              .withTag("finished_reason", finishedReason(reason)));
    }
    requests = Kamon.counter("tributary_requests", "Requests accepted").withTags(tags);
    clientsGone =
        Kamon.counter("tributary_clients_gone", "Requests whose client left before the end")
            .withTags(tags);
  }

  static TagSet tags(String model) {
    return TagSet.builder().add("model_name", model).add("engine", ENGINE).build();
  }

  /** A request was accepted with so many sequences. */
  void submitted(AcceptedRequest request) {
    requests.increment();
    waiting.increment(request.choices().size());
    choicesPerRequest.record(request.choices().size());
  }

  /** A sequence got its first token. */
  void began() {
    waiting.decrement();
    running.increment();
    generationTokens.increment();
  }

  void firstToken(Nanos afterArrival) {
    timeToFirstToken.record(micros(afterArrival));
  }

  /** A sequence got a further token, that long after the one before. */
  void gap(Nanos span) {
    interTokenLatency.record(micros(span));
    generationTokens.increment();
  }

  /** A sequence ended that had waited so long for its first step. */
  void queued(Nanos span) {
    queueTime.record(micros(span));
  }

  void finished(FinishReason reason) {
    Counter counter = finished.get(reason);
    if (counter == null) {
      throw new AssertionError("no counter for " + reason);
    }
    counter.increment();
  }

  /** A sequence is no longer there. */
  void left(boolean hadBegun) {
    (hadBegun ? running : waiting).decrement();
  }

  /** A request was answered in full. */
  void completed(Nanos duration, int prompt, int generated) {
    endToEnd.record(micros(duration));
    promptTokens.increment(prompt);
    promptTokensPerRequest.record(prompt);
    generationTokensPerRequest.record(generated);
  }

  void clientGone() {
    clientsGone.increment();
  }

  private static String finishedReason(FinishReason reason) {
    return switch (reason) {
      case STOP, TOOL_CALLS -> FinishReason.STOP.wireName();
      case LENGTH -> reason.wireName();
      case CANCELLED -> "abort";
    };
  }

  private static Histogram span(String name, TagSet tags) {
    return Kamon.histogram(
            name,
            MeasurementUnit.time().microseconds(),
            DynamicRange.apply(1, SPAN_MICROS_MAX, DIGITS))
        .withTags(tags);
  }

  private static Histogram size(String name, TagSet tags) {
    return Kamon.histogram(name, MeasurementUnit.none(), DynamicRange.apply(1, COUNT_MAX, DIGITS))
        .withTags(tags);
  }

  private static long micros(Nanos span) {
    return Math.clamp(TimeUnit.NANOSECONDS.toMicros(span.count()), 0, SPAN_MICROS_MAX);
  }
}

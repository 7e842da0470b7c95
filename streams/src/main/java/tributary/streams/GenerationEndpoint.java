package tributary.streams;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.japi.Pair;
import akka.stream.KillSwitches;
import akka.stream.Materializer;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;

/**
 * Answers requests for text: reads the body, has it understood, lets its sequences run, and sends
 * what comes, whole or as events.
 */
final class GenerationEndpoint {
  /** Understands a body; may take as long as tokenizing does. */
  @FunctionalInterface
  interface Understanding {
    AcceptedRequest of(byte[] body);
  }

  /**
   * Until so many heartbeats are due nothing is sent, so that a refusal can still be a status. From
   * then on comments keep proxies and the client from giving up.
   */
  private static final int HEARTBEATS_BEFORE_FIRST_BYTE = 3;

  private static final Logger LOG = LoggerFactory.getLogger(GenerationEndpoint.class);

  private final Service service;
  private final OpenAnswers open;
  private final RequestBody bodies;
  private final AnswerSource answers;
  private final Duration heartbeat;
  private final Executor tokenizing;
  private final Materializer materializer;

  GenerationEndpoint(
      ActorSystem<?> system, ServerConfig.Http settings, Service service, OpenAnswers open) {
    this.service = service;
    this.open = open;
    this.materializer = Materializer.matFromSystem(system);
    this.bodies = new RequestBody(settings.bodyMax(), materializer);
    this.answers = new AnswerSource(service.generation(), settings.requestDeadline(), open);
    this.heartbeat = settings.heartbeat();
    this.tokenizing = system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  /** Never fails: every fault is a response. */
  CompletionStage<HttpResponse> answer(HttpRequest request, Understanding understanding) {
    long arrivedAt = service.surroundings().nanoTime().getAsLong();
    return CompletableFuture.completedFuture(request)
        .thenCompose(this::readBody)
        .thenApplyAsync(understanding::of, tokenizing)
        .thenCompose(accepted -> begin(accepted, request, arrivedAt))
        .exceptionally(failure -> refused(request, failure));
  }

  private CompletionStage<byte[]> readBody(HttpRequest request) {
    if (open.isDraining()) {
      throw OpenAnswers.refusal();
    }
    return bodies.read(request);
  }

  private CompletionStage<HttpResponse> begin(
      AcceptedRequest accepted, HttpRequest request, long arrivedAt) {
    var metrics = service.metrics().of(accepted.model().id());
    var nanoTime = service.surroundings().nanoTime();
    open.enter();
    var tally = new RequestTally(name(request), accepted, metrics, nanoTime, arrivedAt);
    var connection = request.getAttribute(ConnectionWatch.KEY).orElseGet(ConnectionWatch::new);
    Source<AnswerEvent, NotUsed> events =
        answers
            .of(accepted, tally)
            .viaMat(KillSwitches.single(), Keep.right())
            .watchTermination((kill, ended) -> {
              Runnable whenGone = kill::shutdown;
              connection.begin(whenGone);
              ended.whenComplete((_, _) -> {
                connection.end(whenGone);
                open.leave();
                close(tally);
              });
              return NotUsed.getInstance();
            });
    return accepted.delivery().stream() ? streamed(accepted, events) : whole(accepted, events);
  }

  private CompletionStage<HttpResponse> whole(
      AcceptedRequest accepted, Source<AnswerEvent, NotUsed> events) {
    return events
        .runWith(Sink.fold(new AnswerCollector(accepted), AnswerCollector::add), materializer)
        .thenApply(collected -> {
          Refusal refusal = collected.refusal();
          return refusal == null
              ? HttpAnswers.json(collected.answer())
              : HttpAnswers.refusal(refusal);
        });
  }

  private CompletionStage<HttpResponse> streamed(
      AcceptedRequest accepted, Source<AnswerEvent, NotUsed> events) {
    return events
        .keepAlive(heartbeat, AnswerEvent.Waiting::new)
        .statefulMapConcat(() -> new Patience()::accept)
        .prefixAndTail(1)
        .runWith(Sink.head(), materializer)
        .thenApply(start -> streamed(accepted, start));
  }

  private HttpResponse streamed(
      AcceptedRequest accepted, Pair<List<AnswerEvent>, Source<AnswerEvent, NotUsed>> start) {
    var first = start.first().isEmpty() ? null : start.first().getFirst();
    if (first == null || first instanceof AnswerEvent.Failed) {
      start.second().runWith(Sink.cancelled(), materializer);
      return HttpAnswers.refusal(
          first instanceof AnswerEvent.Failed(Refusal refusal) ? refusal : Refusals.CUT_SHORT);
    }
    return HttpAnswers.events(
        Source.from(start.first())
            .concat(start.second())
            .statefulMapConcat(() -> new SseEncoder(accepted)::encode));
  }

  private void close(RequestTally tally) {
    Refusal refusal = tally.close();
    if (refusal != null) {
      service.metrics().refused(refusal.code());
    }
  }

  /** Answers what never became an answer's stream, and leaves the log line that a stream would. */
  private HttpResponse refused(HttpRequest request, Throwable failure) {
    Throwable cause = Refusals.cause(failure);
    Refusal refusal = Refusals.of(cause);
    if (refusal.code() == ErrorCode.INTERNAL) {
      LOG.error("request {} failed", name(request), cause);
    }
    RequestTally.LOG.info(
        "id={} status={} outcome={}",
        name(request),
        refusal.code().httpStatus(),
        refusal.code().wireName());
    service.metrics().refused(refusal.code());
    return HttpAnswers.refusal(refusal);
  }

  private static String name(HttpRequest request) {
    return request.getAttribute(RequestName.KEY).map(RequestName::value).orElse("-");
  }

  /** Holds back the first heartbeats of an answer that has not begun. */
  private static final class Patience {
    private int heartbeats;
    private boolean begun;

    List<AnswerEvent> accept(AnswerEvent event) {
      if (event instanceof AnswerEvent.Waiting && !begun) {
        heartbeats++;
        begun = heartbeats >= HEARTBEATS_BEFORE_FIRST_BYTE;
        return begun ? List.of(event) : List.of();
      }
      begun = true;
      return List.of(event);
    }
  }
}

package tributary.streams;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Materializer;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;
import tributary.protocol.TributaryException;
import tributary.streams.tenancy.Account;
import tributary.streams.tenancy.Caller;

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
  CompletionStage<HttpResponse> answer(
      HttpRequest request, Caller caller, Understanding understanding) {
    long arrivedAt = service.surroundings().nanoTime().getAsLong();
    return CompletableFuture.completedFuture(request)
        .thenCompose(asked -> readBody(asked, caller))
        .thenApplyAsync(understanding::of, tokenizing)
        .thenCompose(accepted -> begin(accepted, request, caller, arrivedAt))
        .exceptionally(failure -> refused(request, failure));
  }

  private CompletionStage<byte[]> readBody(HttpRequest request, Caller caller) {
    service.tenancy().request(caller);
    if (open.isDraining()) {
      throw OpenAnswers.refusal();
    }
    return bodies.read(request);
  }

  private CompletionStage<HttpResponse> begin(
      AcceptedRequest accepted, HttpRequest request, Caller caller, long arrivedAt) {
    var account = service.tenancy().reserve(caller, accepted.tokensMax());
    var metrics = service.metrics().of(accepted.model().id());
    var nanoTime = service.surroundings().nanoTime();
    enter(account);
    var clock = new RequestTally.Clock(nanoTime, arrivedAt, service.surroundings().clock());
    var origin = new RequestTally.Origin(name(request), CallerSpan.of(request));
    var tally = new RequestTally(origin, accepted, account, metrics, clock);
    var connection = request.getAttribute(ConnectionWatch.KEY).orElseGet(ConnectionWatch::new);
    var life = new AnswerLife(open, connection, () -> close(tally));
    Source<AnswerEvent, NotUsed> events = answers.of(accepted, account, tally, life);
    return accepted.delivery().stream()
        ? streamed(accepted, events, connection)
        : whole(accepted, events);
  }

  /** What was set aside for an answer that may not start any more is given back. */
  private void enter(Account account) {
    try {
      open.enter();
    } catch (TributaryException shuttingDown) {
      account.release();
      throw shuttingDown;
    }
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
      AcceptedRequest accepted, Source<AnswerEvent, NotUsed> events, ConnectionWatch connection) {
    var pipe = new AnswerPipe(new SseEncoder(accepted), heartbeat);
    connection.run(beside -> events.runWith(pipe.sink(), beside), materializer);
    return pipe.begun()
        .thenApply(refusal ->
            refusal.map(HttpAnswers::refusal).orElseGet(() -> HttpAnswers.events(pipe.source())));
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
}

package tributary.streams;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Materializer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;

/** Answers JSON with JSON, on threads that may block for as long as the work takes. */
final class JsonEndpoint {
  private static final Logger LOG = LoggerFactory.getLogger(JsonEndpoint.class);

  private final RequestBody bodies;
  private final Executor blocking;

  JsonEndpoint(ActorSystem<?> system, Bytes bodyMax) {
    this.bodies = new RequestBody(bodyMax, Materializer.matFromSystem(system));
    this.blocking = system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  /** A request's body; fails with a {@code TributaryException}. */
  CompletionStage<byte[]> body(HttpRequest request) {
    return CompletableFuture.completedFuture(request).thenCompose(bodies::read);
  }

  /** Never fails: every fault is a response. */
  CompletionStage<HttpResponse> answer(HttpRequest request, Function<byte[], Record> work) {
    return body(request)
        .thenApplyAsync(work, blocking)
        .thenApply(HttpAnswers::json)
        .exceptionally(JsonEndpoint::refused);
  }

  /** The same for an answer that is under way. */
  CompletionStage<HttpResponse> answer(CompletionStage<? extends Record> answer) {
    return answer.<HttpResponse>thenApply(HttpAnswers::json).exceptionally(JsonEndpoint::refused);
  }

  private static HttpResponse refused(Throwable failure) {
    Refusal refusal = Refusals.of(failure);
    if (refusal.code() == ErrorCode.INTERNAL) {
      LOG.error("a request failed", Refusals.cause(failure));
    }
    return HttpAnswers.refusal(refusal);
  }
}

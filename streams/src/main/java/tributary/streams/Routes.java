package tributary.streams;

import static akka.http.javadsl.server.PathMatchers.segment;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.ExceptionHandler;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.PathMatcher0;
import akka.http.javadsl.server.Rejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import akka.util.ByteString;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.actors.Readiness;
import tributary.config.ServerConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;

/** The paths of the API; whatever is asked, the answer has the API's shape. */
final class Routes extends AllDirectives {
  /** The answer of the health routes. */
  record Health(String status) {}

  /** The answer of {@code GET /version}. */
  record Version(String version) {}

  private static final Logger LOG = LoggerFactory.getLogger(Routes.class);
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=UTF-8";

  private final Service service;
  private final GenerationEndpoint generation;
  private final OpenAnswers open;
  private final Models models;
  private final Admission admission;
  private final BodyLimits limits;
  private final long started;

  Routes(
      ServerConfig.Http settings,
      Service service,
      GenerationEndpoint generation,
      OpenAnswers open) {
    this.service = service;
    this.generation = generation;
    this.open = open;
    this.models = new Models(service.models());
    this.admission = new Admission(models, service.surroundings());
    this.limits =
        new BodyLimits(settings.choicesMax(), settings.promptsMax(), settings.stopStringsMax());
    this.started = service.surroundings().clock().instant().getEpochSecond();
  }

  /** A model that has to be loaded first may take longer than Akka waits by itself. */
  Route all() {
    return withoutRequestTimeout(() ->
        handleExceptions(
            exceptions(), () -> handleRejections(rejections(), () -> concat(v1(), node()))));
  }

  private Route v1() {
    PathMatcher0 v1 = segment("v1");
    return concat(
        path(v1.slash("completions"), () -> post(() -> generate(this::completion))),
        path(v1.slash("chat").slash("completions"), () -> post(() -> generate(this::chat))),
        path(
            v1.slash("models"), () -> get(() -> complete(HttpAnswers.json(models.cards(started))))),
        path(
            v1.slash("models").slash(segment()),
            name ->
                get(() -> complete(HttpAnswers.json(Models.card(models.named(name), started))))));
  }

  private Route node() {
    PathMatcher0 health = segment("health");
    return concat(
        path(health.slash("live"), () -> get(() -> complete(health(200, "live")))),
        path(health.slash("ready"), () -> get(() -> complete(ready()))),
        path("metrics", () -> get(() -> complete(metrics()))),
        path(
            "version",
            () -> get(() -> complete(HttpAnswers.json(new Version(service.version()))))));
  }

  private Route generate(GenerationEndpoint.Understanding understanding) {
    return extractRequest(request -> completeWithFuture(generation.answer(request, understanding)));
  }

  private AcceptedRequest completion(byte[] json) {
    var body = CompletionBody.read(json, limits);
    logIgnored(body.unknownFields());
    return admission.accept(body);
  }

  private AcceptedRequest chat(byte[] json) {
    var body = ChatCompletionBody.read(json, limits);
    logIgnored(body.unknownFields());
    return admission.accept(body);
  }

  private static void logIgnored(List<String> fields) {
    if (!fields.isEmpty()) {
      LOG.debug("ignored fields: {}", fields);
    }
  }

  private HttpResponse ready() {
    Readiness readiness =
        open.isDraining() ? new Readiness(false, "shutting down") : service.readiness().get();
    return health(readiness.ready() ? 200 : 503, readiness.reason());
  }

  private static HttpResponse health(int status, String text) {
    return HttpAnswers.json(new Health(text)).withStatus(status);
  }

  private HttpResponse metrics() {
    return HttpResponse.create()
        .withEntity(
            ContentTypes.parse(METRICS_TYPE), ByteString.fromString(service.metrics().scrape()));
  }

  private ExceptionHandler exceptions() {
    return ExceptionHandler.newBuilder()
        .matchAny(failure -> {
          Refusal refusal = Refusals.of(failure);
          if (refusal.code() == ErrorCode.INTERNAL) {
            LOG.error("a request failed", failure);
          }
          return complete(HttpAnswers.refusal(refusal));
        })
        .build();
  }

  private RejectionHandler rejections() {
    return RejectionHandler.newBuilder()
        .handleAll(MethodRejection.class, this::wrongMethod)
        .handleNotFound(
            refuse(ErrorCode.ROUTE_NOT_FOUND, "there is nothing here; see GET /v1/models"))
        .handle(
            Rejection.class,
            _ -> refuse(ErrorCode.INVALID_REQUEST, "the request is not one this path takes"))
        .build();
  }

  private Route wrongMethod(List<MethodRejection> rejections) {
    String allowed =
        rejections.stream()
            .map(MethodRejection::supported)
            .map(HttpMethod::name)
            .distinct()
            .collect(Collectors.joining(", "));
    return complete(
        HttpAnswers.refusal(Refusal.of(ErrorCode.METHOD_NOT_ALLOWED, "this path takes " + allowed))
            .withStatus(StatusCodes.METHOD_NOT_ALLOWED)
            .addHeader(RawHeader.create("allow", allowed)));
  }

  private Route refuse(ErrorCode code, String message) {
    return complete(HttpAnswers.refusal(Refusal.of(code, message)));
  }
}

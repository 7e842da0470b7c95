package tributary.streams;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.ExceptionHandler;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.Rejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import akka.util.ByteString;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.actors.ModelAdmin;
import tributary.actors.Readiness;
import tributary.config.ServerConfig;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;
import tributary.protocol.openai.DetokenizeBody;
import tributary.protocol.openai.EmbeddingBody;
import tributary.protocol.openai.TokenizeBody;
import tributary.streams.tenancy.Caller;

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
  private final JsonEndpoint json;
  private final OpenAnswers open;
  private final Models models;
  private final AdminRoutes admin;
  private final @Nullable LifecycleRoutes lifecycle;
  private final BodyLimits limits;
  private final ConsolePages console = new ConsolePages();
  private final long started;

  Routes(
      ServerConfig.Http settings,
      Service service,
      GenerationEndpoint generation,
      JsonEndpoint json,
      OpenAnswers open) {
    this.service = service;
    this.generation = generation;
    this.json = json;
    this.open = open;
    this.models = new Models(service.models());
    var audit = new AuditTrail(service.tenancy(), service.surroundings().clock());
    this.admin = new AdminRoutes(service.tenancy(), json, audit);
    ModelAdmin changes = service.admin();
    this.lifecycle = changes == null ? null : new LifecycleRoutes(changes, json, audit);
    this.limits =
        new BodyLimits(settings.choicesMax(), settings.promptsMax(), settings.stopStringsMax());
    this.started = service.surroundings().clock().instant().getEpochSecond();
  }

  Route all() {
    return handleExceptions(
        exceptions(),
        () -> handleRejections(rejections(), () -> concat(health(), console.all(), keyed())));
  }

  /** Whatever is not listed in {@link #health} needs a key, also what does not exist. */
  private Route keyed() {
    return optionalHeaderValueByName(
        "Authorization",
        header -> {
          Caller caller = service.tenancy().caller(header.orElse(null));
          var doors = new ApiRoutes(caller);
          Route changes = lifecycle == null ? reject() : lifecycle.routes(doors, caller);
          return concat(
              underAdmin(caller),
              v1(doors, caller),
              node(doors, caller),
              changes,
              admin.routes(doors, caller));
        });
  }

  /** What there is under {@code /admin}, others do not even learn. */
  private Route underAdmin(Caller caller) {
    return pathPrefix(
        "admin",
        () -> {
          caller.require(Scope.ADMIN);
          return reject();
        });
  }

  private Route v1(ApiRoutes doors, Caller caller) {
    Models visible = models.of(caller);
    return concat(
        doors.at(ApiPath.COMPLETIONS, () -> generate(caller, this::completion)),
        doors.at(ApiPath.CHAT_COMPLETIONS, () -> generate(caller, this::chat)),
        doors.at(ApiPath.EMBEDDINGS, () -> generate(caller, this::embeddings)),
        doors.at(ApiPath.MODELS, () -> complete(HttpAnswers.json(visible.cards(started)))),
        doors.at(
            ApiPath.MODEL,
            name -> complete(HttpAnswers.json(Models.card(visible.named(name), started)))));
  }

  private Route health() {
    ApiRoutes doors = ApiRoutes.forAnybody();
    return concat(
        doors.at(ApiPath.LIVE, () -> complete(health(200, "live"))),
        doors.at(ApiPath.READY, () -> complete(ready())));
  }

  private Route node(ApiRoutes doors, Caller caller) {
    return concat(
        doors.at(ApiPath.TOKENIZE, () -> answer(caller, this::tokenize)),
        doors.at(ApiPath.DETOKENIZE, () -> answer(caller, this::detokenize)),
        doors.at(ApiPath.METRICS, this::metrics),
        doors.at(
            ApiPath.VERSION, () -> complete(HttpAnswers.json(new Version(service.version())))));
  }

  /** Makes something of a body, for the models that a caller may use. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(byte[] body, Admission admission);
  }

  private Route generate(Caller caller, Reading<AcceptedRequest> reading) {
    Admission admission = admission(caller);
    return extractRequest(request ->
        completeWithFuture(
            generation.answer(request, caller, body -> reading.of(body, admission))));
  }

  private Route answer(Caller caller, Reading<Record> reading) {
    Admission admission = admission(caller);
    return extractRequest(request -> {
      service.tenancy().request(caller);
      return completeWithFuture(json.answer(request, body -> reading.of(body, admission)));
    });
  }

  private Admission admission(Caller caller) {
    return new Admission(models.of(caller), service.surroundings());
  }

  private Record tokenize(byte[] body, Admission admission) {
    return admission.tokenize(TokenizeBody.read(body));
  }

  private Record detokenize(byte[] body, Admission admission) {
    return admission.detokenize(DetokenizeBody.read(body));
  }

  private AcceptedRequest completion(byte[] json, Admission admission) {
    var body = CompletionBody.read(json, limits);
    logIgnored(body.unknownFields());
    return admission.accept(body);
  }

  private AcceptedRequest embeddings(byte[] json, Admission admission) {
    var body = EmbeddingBody.read(json, limits);
    logIgnored(body.unknownFields());
    return admission.accept(body);
  }

  private AcceptedRequest chat(byte[] json, Admission admission) {
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

  /** They name every tenant. */
  private Route metrics() {
    return complete(
        HttpResponse.create()
            .withEntity(
                ContentTypes.parse(METRICS_TYPE),
                ByteString.fromString(service.metrics().scrape())));
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

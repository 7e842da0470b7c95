package tributary.streams;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import tributary.actors.ModelAdmin;
import tributary.actors.Registration;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ModelChangeBody;
import tributary.streams.tenancy.Caller;

/**
 * The paths that change which variants are served, vLLM's for adapters among them; for admins.
 * Every change is in the audit log first, and has a JSON body, if an empty one: a web page cannot
 * send that type to another site without asking.
 */
final class LifecycleRoutes extends AllDirectives {
  /** A variant, as the routes tell it. */
  record Status(
      String name,
      String version,
      List<String> versions,
      String stage,
      @JsonProperty("precision_floor") int precisionFloor,
      boolean pinned,
      int weight,
      int replicas) {
    static Status of(Registration model, int replicas) {
      return new Status(
          model.name().name(),
          model.current(),
          model.versions(),
          model.stage().name().toLowerCase(Locale.ROOT),
          model.floor(),
          model.pinned(),
          model.weight(),
          replicas);
    }
  }

  /** All variants. */
  record Listing(List<Status> models) {}

  /** What is asked for, and by whom. */
  private record Change(Caller caller, String action, String name) {}

  private final ModelAdmin admin;
  private final JsonEndpoint json;
  private final AuditTrail audit;

  LifecycleRoutes(ModelAdmin admin, JsonEndpoint json, AuditTrail audit) {
    this.admin = admin;
    this.json = json;
    this.audit = audit;
  }

  Route routes(ApiRoutes doors, Caller caller) {
    return concat(
        doors.at(
            ApiPath.LOAD_ADAPTER,
            () -> change(new Change(caller, "load_lora_adapter", ""), this::load)),
        doors.at(
            ApiPath.UNLOAD_ADAPTER,
            () -> change(new Change(caller, "unload_lora_adapter", ""), this::unload)),
        doors.at(ApiPath.VARIANTS, () -> complete(HttpAnswers.json(listing()))),
        doors.at(ApiPath.VARIANT, name -> complete(HttpAnswers.json(status(known(id(name)))))),
        changes(doors, caller));
  }

  private Route changes(ApiRoutes doors, Caller caller) {
    return concat(
        doors.at(
            ApiPath.REGISTER,
            name ->
                change(
                    new Change(caller, "register", name),
                    body ->
                        status(
                            admin.register(
                                id(name), file(body.requiredDelta("delta")), wish(body))))),
        doors.at(
            ApiPath.AGREE,
            name ->
                change(
                    new Change(caller, "agree", name),
                    body -> status(admin.agree(id(name), wish(body))))),
        doors.at(
            ApiPath.REMOVE,
            name ->
                change(new Change(caller, "remove", name), _ -> status(admin.remove(id(name))))),
        doors.at(
            ApiPath.ROLL_BACK,
            name ->
                change(
                    new Change(caller, "roll_back", name), _ -> status(admin.rollBack(id(name))))),
        doors.at(
            ApiPath.DRAIN,
            name -> change(new Change(caller, "drain", name), _ -> status(admin.drain(id(name))))));
  }

  private CompletionStage<HttpResponse> load(ModelChangeBody body) {
    DeltaId id = id(body.requiredName("lora_name"));
    Path file = file(body.requiredDelta("lora_path"));
    boolean isThere = admin.all().stream().anyMatch(model -> model.name().equals(id));
    if (isThere && !body.replaces()) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "adapter %s is loaded already; set load_inplace to replace it".formatted(id),
          "lora_name");
    }
    return admin
        .register(id, file)
        .thenApply(_ -> success("Success: LoRA adapter '%s' added successfully.".formatted(id)));
  }

  private CompletionStage<HttpResponse> unload(ModelChangeBody body) {
    DeltaId id = id(body.requiredName("lora_name"));
    return admin
        .remove(id)
        .thenApply(_ -> success("Success: LoRA adapter '%s' removed successfully.".formatted(id)));
  }

  private Route change(
      Change change, Function<ModelChangeBody, CompletionStage<HttpResponse>> how) {
    return extractRequest(request ->
        completeWithFuture(
            json.body(request)
                .thenApply(ModelChangeBody::read)
                .thenCompose(body ->
                    audit
                        .add(change.caller(), request, change.action(), change.name())
                        .thenCompose(_ -> how.apply(body)))));
  }

  private Listing listing() {
    return new Listing(admin.all().stream().map(this::status).toList());
  }

  private Registration known(DeltaId id) {
    return admin.all().stream()
        .filter(model -> model.name().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.MODEL_NOT_FOUND, "model %s is not registered".formatted(id)));
  }

  private Status status(Registration model) {
    return Status.of(model, admin.replicas(model.name()));
  }

  private CompletionStage<HttpResponse> status(CompletionStage<Registration> change) {
    return change.thenApply(model -> HttpAnswers.json(status(model)));
  }

  private static ModelAdmin.Wish wish(ModelChangeBody body) {
    return new ModelAdmin.Wish(body.precisionFloor(), body.pinned(), body.weight());
  }

  private static DeltaId id(String name) {
    return new DeltaId(name);
  }

  private static Path file(String path) {
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER, "%s is not a path".formatted(Quoted.of(path)), "delta");
    }
  }

  private static HttpResponse success(String text) {
    return HttpResponse.create().withEntity(ContentTypes.TEXT_PLAIN_UTF8, text);
  }
}

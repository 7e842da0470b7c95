package tributary.streams;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.KeyBody;
import tributary.streams.tenancy.AuditEntry;
import tributary.streams.tenancy.Caller;
import tributary.streams.tenancy.IssuedKey;
import tributary.streams.tenancy.Tenancy;
import tributary.streams.tenancy.UsageSum;

/** What admins may see of keys. Whatever an admin asks for here is in the audit log first. */
final class AdminRoutes extends AllDirectives {
  private static final int AUDIT_ENTRIES_MAX = 1000;

  /** The answer of {@code GET /admin/usage}. */
  record UsageListing(List<UsageSum> data) {}

  /** The answer of {@code GET /admin/audit}. */
  record AuditListing(List<AuditLine> data) {}

  /** One thing that was done; the time in ISO 8601. */
  record AuditLine(String key, String request, String action, String detail, String at) {
    static AuditLine of(AuditEntry entry) {
      return new AuditLine(
          entry.key(), entry.request(), entry.action(), entry.detail(), entry.at().toString());
    }
  }

  /** The answer of {@code GET /admin/keys}: those that were issued, without what they are. */
  record KeyListing(List<KeyLine> data) {}

  /** A key that was issued. */
  record KeyLine(
      String id,
      List<String> scopes,
      @Nullable List<String> models,
      @JsonProperty("requests_per_minute") int requestsPerMinute,
      @JsonProperty("tokens_per_minute") int tokensPerMinute,
      @JsonProperty("tokens_per_day") long tokensPerDay,
      String at) {
    static KeyLine of(IssuedKey issued) {
      Security.Key key = issued.key();
      return new KeyLine(
          key.id(),
          key.scopes().stream().map(it -> it.name().toLowerCase(Locale.ROOT)).sorted().toList(),
          key.models().map(all -> all.stream().map(DeltaId::name).sorted().toList()).orElse(null),
          key.quota().requestsPerMinute(),
          key.quota().tokensPerMinute(),
          key.quota().tokensPerDay(),
          issued.at().toString());
    }
  }

  /**
   * The answer of {@code POST /admin/keys}.
   *
   * @param key itself, shown here and never again
   */
  record Key(String key, KeyLine terms) {}

  /** The answer of {@code DELETE /admin/keys/ID}. */
  record Revoked(String id, boolean revoked) {}

  private final Tenancy tenancy;
  private final JsonEndpoint json;
  private final AuditTrail audit;

  AdminRoutes(Tenancy tenancy, JsonEndpoint json, AuditTrail audit) {
    this.tenancy = tenancy;
    this.json = json;
    this.audit = audit;
  }

  Route routes(ApiRoutes doors, Caller caller) {
    return concat(
        doors.at(ApiPath.USAGE, () -> asked(request -> usage(caller, request))),
        doors.at(ApiPath.AUDIT, () -> asked(request -> audit(caller, request))),
        doors.at(ApiPath.KEYS, () -> asked(request -> keys(caller, request))),
        doors.at(ApiPath.ISSUE_KEY, () -> asked(request -> issue(caller, request))),
        doors.at(ApiPath.REVOKE_KEY, id -> asked(request -> revoke(caller, request, id))));
  }

  private Route asked(Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
    return extractRequest(request -> completeWithFuture(answer.apply(request)));
  }

  private CompletionStage<HttpResponse> keys(Caller caller, HttpRequest request) {
    return json.answer(
        audit
            .add(caller, request, "keys", "")
            .thenCompose(_ -> tenancy.refreshKeys())
            .thenApply(keys -> new KeyListing(keys.stream().map(KeyLine::of).toList())));
  }

  private CompletionStage<HttpResponse> issue(Caller caller, HttpRequest request) {
    return json.answer(
        json.body(request)
            .thenApply(KeyBody::read)
            .thenCompose(body ->
                audit
                    .add(caller, request, "issue_key", body.id())
                    .thenCompose(_ -> tenancy.issue(terms(body))))
            .thenApply(made -> new Key(made.key(), KeyLine.of(made.issued()))));
  }

  /** An id is part of a path here: one that is none is not in the audit log's way. */
  private CompletionStage<HttpResponse> revoke(Caller caller, HttpRequest request, String id) {
    String name = new DeltaId(id).name();
    return json.answer(
        audit
            .add(caller, request, "revoke_key", name)
            .thenCompose(_ -> tenancy.revoke(name))
            .thenApply(was -> {
              if (!was) {
                throw new TributaryException(
                    ErrorCode.ROUTE_NOT_FOUND, "there is no key %s".formatted(name));
              }
              return new Revoked(name, true);
            }));
  }

  private static Tenancy.KeyTerms terms(KeyBody body) {
    return new Tenancy.KeyTerms(
        body.id(),
        body.scopes().stream()
            .map(scope -> Scope.valueOf(scope.toUpperCase(Locale.ROOT)))
            .collect(Collectors.toUnmodifiableSet()),
        body.models(),
        new Security.Quota(body.requestsPerMinute(), body.tokensPerMinute(), body.tokensPerDay()));
  }

  private CompletionStage<HttpResponse> usage(Caller caller, HttpRequest request) {
    return json.answer(
        audit
            .add(caller, request, "usage", "")
            .thenCompose(_ -> tenancy.ledger().sums(Instant.EPOCH))
            .thenApply(UsageListing::new));
  }

  private CompletionStage<HttpResponse> audit(Caller caller, HttpRequest request) {
    return json.answer(
        audit
            .add(caller, request, "audit", "")
            .thenCompose(_ -> tenancy.ledger().audit(AUDIT_ENTRIES_MAX))
            .thenApply(entries -> new AuditListing(entries.stream().map(AuditLine::of).toList())));
  }
}

package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.stream.javadsl.Source;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.actors.ModelAdmin;
import tributary.actors.Registration;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaTerms;
import tributary.streams.tenancy.Tenancy;

class LifecycleRoutesTest {
  /** Registrations in memory. */
  static final class Memory implements ModelAdmin {
    final Map<DeltaId, Registration> models = new LinkedHashMap<>();

    @Override
    public CompletionStage<Registration> register(DeltaId id, Path delta, Wish wish) {
      var versions = new ArrayList<String>();
      Registration known = models.get(id);
      if (known != null) {
        versions.addAll(known.versions());
      }
      versions.add(delta.getFileName().toString());
      Integer floor = wish.floor();
      var terms = new DeltaTerms(floor == null ? 1 : floor, Boolean.TRUE.equals(wish.pinned()));
      return put(new Registration(id, versions, terms, 1, Registration.Stage.SERVED));
    }

    @Override
    public CompletionStage<Registration> rollBack(DeltaId id) {
      Registration known = known(id);
      return put(
          new Registration(
              id,
              known.versions().subList(0, known.versions().size() - 1),
              known.terms(),
              known.weight(),
              known.stage()));
    }

    @Override
    public CompletionStage<Registration> agree(DeltaId id, Wish wish) {
      Registration known = known(id);
      assertThat(wish.weight()).as("not given").isNull();
      Integer floor = wish.floor();
      return put(
          new Registration(
              id,
              known.versions(),
              new DeltaTerms(floor == null ? 1 : floor, Boolean.TRUE.equals(wish.pinned())),
              known.weight(),
              known.stage()));
    }

    @Override
    public CompletionStage<Registration> drain(DeltaId id) {
      Registration known = known(id);
      return put(
          new Registration(
              id, known.versions(), known.terms(), known.weight(), Registration.Stage.DRAINED));
    }

    @Override
    public CompletionStage<Registration> remove(DeltaId id) {
      Registration known = known(id);
      models.remove(id);
      return CompletableFuture.completedFuture(known);
    }

    @Override
    public int replicas(DeltaId id) {
      return 2;
    }

    @Override
    public Collection<Registration> all() {
      return List.copyOf(models.values());
    }

    private Registration known(DeltaId id) {
      Registration known = models.get(id);
      if (known == null) {
        throw new TributaryException(ErrorCode.MODEL_NOT_FOUND, "no " + id);
      }
      return known;
    }

    private CompletionStage<Registration> put(Registration next) {
      models.put(next.name(), next);
      return CompletableFuture.completedFuture(next);
    }
  }

  private final Memory memory = new Memory();
  private TestServer server =
      TestServer.with().admin(memory).start(new ScriptedGeneration(_ -> Source.empty()));

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void what_a_variant_is_promised_may_come_with_its_delta() {
    String body = "{\"delta\":\"/x/one\",\"precision_floor\":3,\"pinned\":true}";
    assertThat(send("PUT", "/admin/models/a", body).body())
        .contains("\"version\":\"one\"", "\"precision_floor\":3", "\"pinned\":true");
  }

  @Test
  void a_variant_is_registered_upgraded_promised_rolled_back_drained_and_removed() {
    assertThat(send("PUT", "/admin/models/a", "{\"delta\":\"/x/one\"}").body())
        .isEqualTo(
            "{\"name\":\"a\",\"version\":\"one\",\"versions\":[\"one\"],\"stage\":\"served\","
                + "\"precision_floor\":1,\"pinned\":false,\"weight\":1,\"replicas\":2}");
    assertThat(send("PUT", "/admin/models/a", "{\"delta\":\"/x/two\"}").body())
        .contains("\"version\":\"two\"");
    assertThat(send("PATCH", "/admin/models/a", "{\"precision_floor\":2,\"pinned\":true}").body())
        .contains("\"precision_floor\":2,\"pinned\":true");
    assertThat(send("POST", "/admin/models/a/rollback", "{}").body())
        .contains("\"version\":\"one\"");
    assertThat(send("POST", "/admin/models/a/drain", "{}").body()).contains("drained");
    assertThat(server.get("/admin/models").body()).startsWith("{\"models\":[{\"name\":\"a\"");
    assertThat(send("DELETE", "/admin/models/a", "{}").statusCode()).isEqualTo(200);
    assertThat(server.get("/admin/models/a").statusCode()).isEqualTo(404);
  }

  @Test
  void adapters_come_and_go_as_vllm_has_it() {
    String load = "{\"lora_name\":\"a\",\"lora_path\":\"/x/one\"}";
    HttpResponse<String> added = send("POST", "/v1/load_lora_adapter", load);
    assertThat(added.statusCode()).isEqualTo(200);
    assertThat(added.body()).isEqualTo("Success: LoRA adapter 'a' added successfully.");
    assertThat(send("POST", "/v1/load_lora_adapter", load).statusCode()).isEqualTo(400);
    String replace = load.replace("}", ",\"load_inplace\":true}");
    assertThat(send("POST", "/v1/load_lora_adapter", replace).statusCode()).isEqualTo(200);
    assertThat(send("POST", "/v1/load_lora_adapter", "{\"lora_name\":\"b\"}").statusCode())
        .isEqualTo(400);
    String unload = "{\"lora_name\":\"a\"}";
    assertThat(send("POST", "/v1/unload_lora_adapter", unload).body())
        .isEqualTo("Success: LoRA adapter 'a' removed successfully.");
    assertThat(send("POST", "/v1/unload_lora_adapter", unload).statusCode()).isEqualTo(404);
  }

  @Test
  void a_change_without_a_json_body_is_refused_as_a_page_of_another_site_would_send_it() {
    send("PUT", "/admin/models/a", "{\"delta\":\"/x/one\"}");
    var request =
        server
            .request("/admin/models/a/drain")
            .setHeader("content-type", "text/plain")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertThat(server.send(request).statusCode()).isEqualTo(415);
    assertThat(memory.models.get(new DeltaId("a")))
        .hasFieldOrPropertyWithValue("stage", Registration.Stage.SERVED);
  }

  @Test
  void only_an_admins_key_changes_anything_and_the_audit_log_says_whose(@TempDir Path directory) {
    server.close();
    var keys =
        List.of(
            key("root", "root-key-0123456789abcdef", Scope.ADMIN),
            key("acme", "acme-key-0123456789abcdef", Scope.USE));
    var ledger = new Security.Ledger("jdbc:h2:file:" + directory.resolve("ledger"), "", "", 1000);
    InstantSource clock = InstantSource.fixed(Instant.EPOCH);
    try (var tenancy = Tenancy.open(new Security(keys, ledger), "0.0.0.0", clock)) {
      server =
          TestServer.with()
              .admin(memory)
              .tenancy(tenancy)
              .start(new ScriptedGeneration(_ -> Source.empty()));
      assertThat(drainAs("acme-key-0123456789abcdef").statusCode()).isEqualTo(403);
      assertThat(drainAs("root-key-0123456789abcdef").statusCode()).isEqualTo(404);
      assertThat(tenancy.ledger().audit(10).toCompletableFuture().join())
          .singleElement()
          .hasFieldOrPropertyWithValue("key", "root")
          .hasFieldOrPropertyWithValue("action", "drain")
          .hasFieldOrPropertyWithValue("detail", "a");
      server.close();
    }
  }

  private HttpResponse<String> drainAs(String key) {
    return server.send(
        server
            .jsonPost("/admin/models/a/drain")
            .header("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString("{}"))
            .build());
  }

  private static Security.Key key(String id, String key, Scope scope) {
    return AccessTest.key(id, key, Set.of(scope), Optional.empty(), Security.Quota.UNLIMITED);
  }

  private HttpResponse<String> send(String method, String path, String json) {
    return server.send(
        server
            .request(path)
            .setHeader("content-type", "application/json")
            .method(method, BodyPublishers.ofString(json))
            .build());
  }
}

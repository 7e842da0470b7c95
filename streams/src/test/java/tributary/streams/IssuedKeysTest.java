package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.FinishReason;
import tributary.streams.tenancy.Tenancy;

/** Keys that admins make and end while the server runs. */
class IssuedKeysTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ADMIN = "admin-key-0123456789abcdef";
  private static final InstantSource NOON =
      InstantSource.fixed(Instant.parse("2026-03-01T12:00:00Z"));
  private static final String ASK = "{'model':'tenant-a','prompt':'Hello','max_tokens':5}";

  @TempDir Path directory;

  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> ScriptedGeneration.text(request, "hi", FinishReason.STOP));
  private Tenancy tenancy = Tenancy.none();
  private TestServer server = TestServer.of(generation);

  @BeforeEach
  void open() {
    server.close();
    start();
  }

  @AfterEach
  void close() {
    server.close();
    tenancy.close();
  }

  private Tenancy tenancy() {
    var admin =
        AccessTest.key(
            "root", ADMIN, Set.of(Scope.ADMIN), Optional.empty(), Security.Quota.UNLIMITED);
    var ledger = new Security.Ledger("jdbc:h2:file:" + directory.resolve("ledger"), "", "", 100);
    return Tenancy.open(new Security(List.of(admin), ledger), "127.0.0.1", NOON);
  }

  private void start() {
    tenancy = tenancy();
    server = TestServer.with().tenancy(tenancy).start(generation);
  }

  @Test
  void a_key_works_at_once_within_its_terms_and_after_a_restart() throws Exception {
    String key =
        issue("{'id':'acme','models':['tenant-a'],'requests_per_minute':3,'tokens_per_day':60}");
    assertThat(post(key, "/v1/completions", ASK).statusCode()).isEqualTo(200);
    assertThat(post(key, "/v1/completions", ASK.replace("tenant-a", "long")).statusCode())
        .isEqualTo(403);
    assertThat(get(key, "/admin/keys").statusCode()).isEqualTo(403);
    server.close();
    tenancy.close();
    start();
    for (int i = 0; i < 3; i++) {
      assertThat(post(key, "/v1/completions", ASK).statusCode()).isEqualTo(200);
    }
    assertThat(post(key, "/v1/completions", ASK).body()).contains("rate_limit_exceeded");
    assertThat(post(key, "/v1/completions", ASK).statusCode()).isEqualTo(429);
  }

  @Test
  void a_days_quota_of_an_issued_key_outlives_the_server() throws Exception {
    String key = issue("{'id':'small','tokens_per_day':12}");
    assertThat(post(key, "/v1/completions", ASK).statusCode()).isEqualTo(200);
    server.close();
    tenancy.close();
    start();
    assertThat(post(key, "/v1/completions", ASK).body()).contains("quota_exceeded");
  }

  @Test
  void a_revoked_key_is_nobodys_and_its_id_is_not_given_again() throws Exception {
    String key = issue("{'id':'acme'}");
    assertThat(get(key, "/v1/models").statusCode()).isEqualTo(200);
    assertThat(delete("/admin/keys/acme").statusCode()).isEqualTo(200);
    assertThat(get(key, "/v1/models").statusCode()).isEqualTo(401);
    assertThat(delete("/admin/keys/acme").statusCode()).isEqualTo(404);
    assertThat(post(ADMIN, "/admin/keys", "{'id':'acme'}").statusCode()).isEqualTo(400);
    assertThat(get(ADMIN, "/admin/keys").body()).isEqualTo("{\"data\":[]}");
  }

  @Test
  void another_node_of_the_ledger_follows() throws Exception {
    String key = issue("{'id':'acme'}");
    tenancy.close();
    try (Tenancy other = tenancy()) {
      assertThat(other.caller("Bearer " + key).id()).isEqualTo("acme");
      TestServer.await(other.ledger().revoke("acme", NOON.instant()));
      assertThat(other.caller("Bearer " + key).id()).isEqualTo("acme");
      TestServer.await(other.refreshKeys());
      assertThatThrownBy(() -> other.caller("Bearer " + key))
          .hasMessageContaining("not one of this server's");
    }
  }

  @Test
  void a_key_is_shown_once_and_is_neither_listed_nor_logged_nor_stored() throws Exception {
    var lines = new ListAppender<ILoggingEvent>();
    var logger = (Logger) LoggerFactory.getLogger("tributary");
    lines.start();
    logger.addAppender(lines);
    String key;
    try {
      key = issue("{'id':'acme','scopes':['admin','use']}");
      get(key, "/admin/keys");
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(get(ADMIN, "/admin/keys").body())
        .isEqualTo(
            "{\"data\":[{\"id\":\"acme\",\"scopes\":[\"admin\",\"use\"],\"models\":null,"
                + "\"requests_per_minute\":0,\"tokens_per_minute\":0,\"tokens_per_day\":0,"
                + "\"at\":\"2026-03-01T12:00:00Z\"}]}");
    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .noneMatch(line -> line.contains(key));
    tenancy.close();
    assertThat(directory.resolve("ledger.mv.db")).exists();
    byte[] stored = Files.readAllBytes(directory.resolve("ledger.mv.db"));
    assertThat(new String(stored, StandardCharsets.ISO_8859_1))
        .contains("acme")
        .doesNotContain(key);
  }

  @Test
  void what_admins_do_with_keys_is_in_the_audit_log() throws Exception {
    issue("{'id':'acme'}");
    delete("/admin/keys/acme");
    JsonNode entries = JSON.readTree(get(ADMIN, "/admin/audit").body()).get("data");
    assertThat(entries.findValuesAsText("action")).contains("issue_key", "revoke_key");
    assertThat(entries.findValuesAsText("detail")).contains("acme");
    assertThat(entries.findValuesAsText("key")).containsOnly("root");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {}                                       | id
          {'id':'../x'}                            | invalid_name
          {'id':'root'}                            | there is, or was, a key root
          {'id':'a','scopes':[]}                   | scopes
          {'id':'a','scopes':['root']}             | scopes
          {'id':'a','tokens_per_day':-1}           | tokens_per_day
          {'id':'a','token_per_day':1}             | token_per_day
          {'id':'a','models':'tenant-a'}           | models
          """)
  void terms_that_make_no_sense_make_no_key(String body, String told) {
    var response = post(ADMIN, "/admin/keys", body);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains(told);
    assertThat(get(ADMIN, "/admin/keys").body()).isEqualTo("{\"data\":[]}");
  }

  @Test
  void a_key_of_the_configuration_is_not_revoked() {
    assertThat(delete("/admin/keys/root").body()).contains("tributary.security.keys");
  }

  private String issue(String terms) throws Exception {
    var response = post(ADMIN, "/admin/keys", terms);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body()).get("key").asText();
  }

  private HttpResponse<String> get(String key, String path) {
    return server.send(server.request(path).header("authorization", "Bearer " + key).GET().build());
  }

  private HttpResponse<String> delete(String path) {
    return server.send(
        server.jsonPost(path).header("authorization", "Bearer " + ADMIN).DELETE().build());
  }

  private HttpResponse<String> post(String key, String path, String body) {
    return server.send(
        server
            .jsonPost(path)
            .header("authorization", "Bearer " + key)
            .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
            .build());
  }
}

package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.FinishReason;
import tributary.streams.tenancy.Tenancy;
import tributary.streams.tenancy.UsageSum;

/** Who may do what over real HTTP, and what is written down of it. */
class AccessTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ADMIN = "admin-key-0123456789abcdef";
  private static final String ACME = "acme-key-0123456789abcdef";
  private static final String FREE = "free-key-0123456789abcdef";
  private static final String ASK = "{'model':'tenant-a','prompt':'Hello','max_tokens':5}";
  private static final InstantSource NOON =
      InstantSource.fixed(Instant.parse("2026-03-01T12:00:00Z"));

  @TempDir Path directory;

  private final ScriptedGeneration generation =
      new ScriptedGeneration(
          request -> ScriptedGeneration.text(request, "secret", FinishReason.STOP));
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

  private void start() {
    var keys =
        List.of(
            key("root", ADMIN, Set.of(Scope.ADMIN), Optional.empty(), Security.Quota.UNLIMITED),
            key(
                "acme",
                ACME,
                Set.of(Scope.USE),
                Optional.of(Set.of(TestModels.TENANT)),
                new Security.Quota(50, 0, 100)),
            key("free", FREE, Set.of(Scope.USE), Optional.empty(), Security.Quota.UNLIMITED));
    var ledger = new Security.Ledger("jdbc:h2:file:" + directory.resolve("ledger"), "", "", 1000);
    tenancy = Tenancy.open(new Security(keys, ledger), "0.0.0.0", NOON);
    server = TestServer.with().tenancy(tenancy).start(generation);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "GET,/v1/models",
    "GET,/v1/models/base",
    "POST,/v1/completions",
    "POST,/v1/chat/completions",
    "POST,/tokenize",
    "POST,/detokenize",
    "GET,/metrics",
    "GET,/version",
    "GET,/admin/usage",
    "GET,/admin/audit",
    "GET,/console/none",
    "GET,/admin/models",
    "PUT,/admin/models/x",
    "GET,/v1/nothing",
    "DELETE,/v1/models/base",
    "GET,/admin",
    "GET,/health",
    "POST,/health/live/x",
    "GET,//v1/models",
    "GET,/v1/models/../../version",
    "GET,/health/%2e%2e/metrics",
    "OPTIONS,/v1/models"
  })
  void without_a_key_there_is_nothing(String method, String path) {
    for (String header : new String[] {"", "Bearer ", "Bearer wrong", "Basic " + ACME, ACME}) {
      var request =
          server.jsonPost(path).method(method, HttpRequest.BodyPublishers.ofString(json(ASK)));
      if (!header.isEmpty()) {
        request.header("authorization", header);
      }
      var response = server.send(request.build());
      assertThat(response.statusCode()).as(header).isEqualTo(401);
      assertThat(response.body()).contains("\"code\":\"invalid_api_key\"").doesNotContain("wrong");
      assertThat(response.headers().firstValue("www-authenticate")).hasValue("Bearer");
    }
    assertThat(generation.runs).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"/health/live", "/health/ready"})
  void health_is_for_everybody(String path) {
    assertThat(server.get(path).statusCode()).isEqualTo(200);
  }

  @Test
  void a_key_sees_and_uses_its_own_models_and_learns_nothing_of_others() throws Exception {
    JsonNode models = JSON.readTree(get(ACME, "/v1/models").body()).get("data");
    assertThat(models.findValuesAsText("id")).containsExactly("tenant-a");
    assertThat(post(ACME, "/v1/completions", ASK).statusCode()).isEqualTo(200);
    var existing = post(ACME, "/v1/completions", ASK.replace("tenant-a", "long"));
    var missing = post(ACME, "/v1/completions", ASK.replace("tenant-a", "lang"));
    assertThat(existing.statusCode()).isEqualTo(403);
    assertThat(existing.body().replace("long", "lang")).isEqualTo(missing.body());
    assertThat(get(ACME, "/v1/models/long").statusCode()).isEqualTo(403);
    assertThat(post(ACME, "/tokenize", "{'model':'long','prompt':'x'}").statusCode())
        .isEqualTo(403);
    assertThat(get(FREE, "/v1/models").body()).contains("\"base\"", "\"long\"");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"/metrics", "/admin/usage", "/admin/audit", "/admin/nothing"})
  void what_is_for_admins_is_not_for_others(String path) {
    var refused = get(FREE, path);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("\"type\":\"permission_error\"");
    assertThat(get(ADMIN, path).statusCode()).isEqualTo(path.endsWith("nothing") ? 404 : 200);
  }

  @Test
  void an_admins_key_does_not_ask_models() {
    assertThat(post(ADMIN, "/v1/completions", ASK).statusCode()).isEqualTo(403);
    assertThat(post(ADMIN, "/tokenize", ASK).statusCode()).isEqualTo(403);
  }

  @Test
  void what_was_used_is_in_the_ledger_when_the_answer_is_complete_and_after_a_restart()
      throws Exception {
    post(FREE, "/v1/completions", ASK);
    post(FREE, "/v1/completions", ASK.replace("}", ",'stream':true,'n':2}"));
    var expected = new UsageSum("free", "tenant-a", 2, 10, 18);
    JsonNode usage = JSON.readTree(get(ADMIN, "/admin/usage").body());
    assertThat(usage.at("/data/0/completion_tokens").asLong()).isEqualTo(18);
    server.close();
    tenancy.close();
    start();
    assertThat(TestServer.await(tenancy.ledger().sums(Instant.EPOCH))).containsExactly(expected);
  }

  @Test
  void a_days_quota_holds_for_answers_at_once_and_after_a_restart() {
    var answers =
        IntStream.range(0, 40).mapToObj(_ -> postAsync(ACME, "/v1/completions", ASK)).toList();
    TestServer.await(CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new)));
    long granted = answers.stream().filter(it -> it.join().statusCode() == 200).count();
    // Five tokens of prompt and six of answer each.
    assertThat(granted).isBetween(1L, 9L);
    var refused =
        answers.stream().map(CompletableFuture::join).filter(it -> it.statusCode() == 429).toList();
    assertThat(refused).hasSize((int) (40 - granted));
    assertThat(refused.getFirst().body()).contains("\"code\":\"quota_exceeded\"");
    assertThat(refused.getFirst().headers().firstValue("retry-after")).hasValue("43200");
    assertThat(refused.getFirst().headers().firstValue("x-should-retry")).hasValue("false");
    while (post(ACME, "/v1/completions", ASK).statusCode() == 200) {}
    long used =
        TestServer.await(tenancy.ledger().sums(Instant.EPOCH)).getFirst().completionTokens();
    assertThat(used).isPositive().isLessThanOrEqualTo(100);
    server.close();
    tenancy.close();
    start();
    assertThat(post(ACME, "/v1/completions", ASK).statusCode()).isEqualTo(429);
  }

  @Test
  void requests_a_minute_are_counted_whatever_becomes_of_them() {
    int status = 0;
    int sent = 0;
    while (status != 429 && sent < 100) {
      var response = post(ACME, "/v1/completions", "{'model':'tenant-a'}");
      status = response.statusCode();
      sent++;
      if (status == 429) {
        assertThat(response.headers().firstValue("retry-after")).hasValue("60");
        assertThat(response.body()).contains("rate_limit_exceeded");
      }
    }
    assertThat(sent).isEqualTo(51);
  }

  @Test
  void what_admins_do_is_in_the_audit_log() throws Exception {
    get(ADMIN, "/admin/usage");
    JsonNode entries = JSON.readTree(get(ADMIN, "/admin/audit").body()).get("data");
    assertThat(entries.findValuesAsText("action")).containsExactlyInAnyOrder("usage", "audit");
    assertThat(entries.findValuesAsText("key")).containsOnly("root");
    assertThat(entries.findValuesAsText("request")).allMatch(name -> name.startsWith("req-"));
  }

  @Test
  void logs_name_the_key_and_never_hold_it_or_what_was_said() {
    var lines = new ListAppender<ILoggingEvent>();
    var logger = (Logger) LoggerFactory.getLogger("tributary");
    logger.setLevel(Level.DEBUG);
    lines.start();
    logger.addAppender(lines);
    try {
      post(FREE, "/v1/completions", ASK);
      post(FREE, "/v1/completions", "{'model':'Hello','prompt':'Hello'}");
      post("Hello", "/v1/completions", ASK);
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .anyMatch(line -> line.contains("key=free"))
        .noneMatch(
            line -> line.contains(FREE) || line.contains("Hello") || line.contains("secret"));
  }

  @Test
  void without_keys_a_server_is_for_its_own_machine() {
    var open = new Security(List.of(), new Security.Ledger("", "", "", 10));
    Tenancy.open(open, "127.0.0.1", NOON).close();
    Tenancy.open(open, "localhost", NOON).close();
    assertThatThrownBy(() -> Tenancy.open(open, "0.0.0.0", NOON))
        .hasMessageContaining("0.0.0.0", "tributary.security.keys");
  }

  static Security.Key key(
      String id,
      String key,
      Set<Scope> scopes,
      Optional<Set<DeltaId>> models,
      Security.Quota quota) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return new Security.Key(id, HexFormat.of().formatHex(hash), scopes, models, quota);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private HttpResponse<String> get(String key, String path) {
    return server.send(server.request(path).header("authorization", "Bearer " + key).GET().build());
  }

  private HttpResponse<String> post(String key, String path, String body) {
    return server.send(posting(key, path, body));
  }

  private CompletableFuture<HttpResponse<String>> postAsync(String key, String path, String body) {
    return CompletableFuture.supplyAsync(() -> post(key, path, body));
  }

  private HttpRequest posting(String key, String path, String body) {
    return server
        .jsonPost(path)
        .header("authorization", "Bearer " + key)
        .POST(HttpRequest.BodyPublishers.ofString(json(body)))
        .build();
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }
}

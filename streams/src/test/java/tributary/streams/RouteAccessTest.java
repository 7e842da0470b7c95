package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.http.javadsl.model.HttpMethods;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.FinishReason;
import tributary.streams.tenancy.Tenancy;

/** Every path there is, with every kind of key and with none. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RouteAccessTest {
  private static final String USER = "user-key-0123456789abcdef";
  private static final String ADMIN = "admin-key-0123456789abcdef";

  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> ScriptedGeneration.text(request, "x", FinishReason.STOP));
  private Tenancy tenancy = Tenancy.none();
  private TestServer server = TestServer.of(generation);

  @BeforeAll
  void start(@TempDir Path directory) {
    server.close();
    var keys =
        List.of(
            AccessTest.key(
                "user", USER, Set.of(Scope.USE), Optional.empty(), Security.Quota.UNLIMITED),
            AccessTest.key(
                "root", ADMIN, Set.of(Scope.ADMIN), Optional.empty(), Security.Quota.UNLIMITED));
    var ledger = new Security.Ledger("jdbc:h2:file:" + directory.resolve("ledger"), "", "", 100);
    tenancy =
        Tenancy.open(new Security(keys, ledger), "0.0.0.0", InstantSource.fixed(Instant.EPOCH));
    server =
        TestServer.with()
            .tenancy(tenancy)
            .admin(new LifecycleRoutesTest.Memory())
            .start(generation);
  }

  @AfterAll
  void close() {
    server.close();
    tenancy.close();
  }

  @ParameterizedTest
  @EnumSource
  void who_may_ask_gets_in_and_nobody_else(ApiPath path) {
    int nobody = ask(path, null).statusCode();
    int wrong = ask(path, "wrong").statusCode();
    int user = ask(path, USER).statusCode();
    int admin = ask(path, ADMIN).statusCode();
    switch (path.access()) {
      case ANYBODY -> assertThat(List.of(nobody, wrong, user, admin)).containsOnly(200);
      case ANY_KEY -> {
        assertThat(List.of(nobody, wrong)).containsOnly(401);
        assertThat(List.of(user, admin)).allMatch(RouteAccessTest::isInside);
      }
      case USE -> {
        assertThat(List.of(nobody, wrong)).containsOnly(401);
        assertThat(admin).isEqualTo(403);
        assertThat(user).matches(RouteAccessTest::isInside);
      }
      case ADMIN -> {
        assertThat(List.of(nobody, wrong)).containsOnly(401);
        assertThat(user).isEqualTo(403);
        assertThat(admin).matches(RouteAccessTest::isInside);
      }
    }
  }

  /** Let in, if only to hear that the body makes no sense or that there is no such model. */
  private static boolean isInside(int status) {
    return status == 200 || status == 400 || status == 404;
  }

  private HttpResponse<String> ask(ApiPath path, @Nullable String key) {
    var request =
        server
            .jsonPost(path.of("base"))
            .method(
                path.method().name(),
                path.method().equals(HttpMethods.GET)
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString("{}"));
    if (key != null) {
      request.header("authorization", "Bearer " + key);
    }
    return server.send(request.build());
  }
}

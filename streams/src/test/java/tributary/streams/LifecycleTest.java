package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.stream.javadsl.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tributary.actors.Readiness;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;
import tributary.protocol.Usage;

/** From the port to the last byte: start, readiness, waiting, deadlines, and the end. */
class LifecycleTest {
  private static final String STREAM = "{\"model\":\"tenant-a\",\"prompt\":\"x\",\"stream\":true}";

  private final ScriptedGeneration silent = new ScriptedGeneration(_ -> Source.never());

  @Test
  void a_port_in_use_is_named_with_its_cure() {
    try (var first = TestServer.of(silent)) {
      int port = first.http.address().getPort();
      assertThatThrownBy(() -> TestServer.with().port(port).start(silent).close())
          .isInstanceOf(CompletionException.class)
          .cause()
          .isInstanceOfSatisfying(
              TributaryException.class,
              failure -> {
                assertThat(failure.code()).isEqualTo(ErrorCode.PORT_IN_USE);
                assertThat(failure.text())
                    .contains("127.0.0.1:" + port, "in use", "choose another http.port");
              });
    }
  }

  @Test
  void health_models_and_version() {
    try (var server = TestServer.of(silent)) {
      assertThat(server.get("/health/live").body()).isEqualTo("{\"status\":\"live\"}");
      assertThat(server.get("/health/ready").body()).isEqualTo("{\"status\":\"ready\"}");
      server.readiness.set(new Readiness(false, "loading the base"));
      assertThat(server.get("/health/ready").statusCode()).isEqualTo(503);
      assertThat(server.get("/health/ready").body()).isEqualTo("{\"status\":\"loading the base\"}");
      assertThat(server.get("/version").body()).isEqualTo("{\"version\":\"0.1.0-test\"}");
      Golden.assertMatches("models.json", server.get("/v1/models").body());
      Golden.assertMatches("model.json", server.get("/v1/models/tenant-a").body());
    }
  }

  @Test
  void heartbeats_keep_a_waiting_stream_alive_before_and_after_the_first_token() throws Exception {
    var token = new CompletableFuture<TokenEvent>();
    var generation =
        new ScriptedGeneration(request ->
            Source.<TokenEvent>completionStage(
                    token.thenApply(_ -> ScriptedGeneration.token(request, 0, 'a')))
                .concat(Source.never()));
    try (var server = TestServer.with().heartbeat(Duration.ofMillis(20)).start(generation);
        var client = server.connect()) {
      client.post("/v1/completions", STREAM);
      assertThat(client.readUntil(": waiting\n\n")).startsWith("HTTP/1.1 200");
      token.complete(null);
      client.readUntil("\"text\":\"a\"");
      client.readUntil(": waiting\n\n");
    }
  }

  @Test
  void a_refusal_within_the_grace_is_still_a_status() {
    var refusal = new CompletableFuture<TokenEvent>();
    var generation =
        new ScriptedGeneration(request -> {
          refusal.completeOnTimeout(
              new TokenEvent.Failed(request.id(), Refusal.of(ErrorCode.DELTA_UNAVAILABLE, "gone")),
              150,
              TimeUnit.MILLISECONDS);
          return Source.completionStage(refusal);
        });
    try (var server = TestServer.with().heartbeat(Duration.ofMillis(100)).start(generation)) {
      assertThat(server.post("/v1/completions", STREAM).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void a_deadline_ends_a_whole_answer_with_a_status_and_a_stream_with_an_event() {
    var generation =
        new ScriptedGeneration(request ->
            Source.<TokenEvent>single(ScriptedGeneration.token(request, 0, 'a'))
                .concat(Source.never()));
    try (var server = TestServer.with().deadline(Duration.ofMillis(200)).start(generation)) {
      var whole = server.post("/v1/completions", STREAM.replace("true", "false"));
      assertThat(whole.statusCode()).isEqualTo(503);
      assertThat(whole.body()).contains("deadline_exceeded");
      assertThat(whole.headers().firstValue("x-should-retry")).hasValue("false");
      assertThat(server.post("/v1/completions", STREAM).body())
          .contains("\"text\":\"a\"", "deadline_exceeded")
          .endsWith("data: [DONE]\n\n");
    }
  }

  @Test
  void a_request_may_set_a_shorter_deadline_of_its_own() {
    var generation =
        new ScriptedGeneration(request ->
            Source.<TokenEvent>single(ScriptedGeneration.token(request, 0, 'a'))
                .concat(Source.never()));
    String hasty = STREAM.replace("}", ",\"timeout\":0.2,\"priority\":-2}");
    try (var server = TestServer.with().deadline(Duration.ofMinutes(5)).start(generation)) {
      var whole = server.post("/v1/completions", hasty.replace("true", "false"));
      assertThat(whole.statusCode()).isEqualTo(503);
      assertThat(whole.body()).contains("deadline_exceeded", "0.200 s");
      assertThat(server.post("/v1/completions", hasty).body())
          .contains("\"text\":\"a\"", "deadline_exceeded")
          .endsWith("data: [DONE]\n\n");
      assertThat(generation.runs)
          .hasSize(2)
          .allSatisfy(
              run -> assertThat(run.request.haste()).isEqualTo(new Haste(2, Nanos.ofMillis(200))));
    }
  }

  @Test
  void a_longer_deadline_than_the_servers_changes_nothing() {
    try (var server = TestServer.with().deadline(Duration.ofMillis(200)).start(silent)) {
      String patient = STREAM.replace("}", ",\"timeout\":3600}").replace("true", "false");
      assertThat(server.post("/v1/completions", patient).body()).contains("deadline_exceeded");
    }
  }

  @Test
  void a_shutdown_lets_streams_end_and_takes_no_new_ones() throws Exception {
    var rest = new CompletableFuture<TokenEvent>();
    var generation =
        new ScriptedGeneration(request ->
            Source.<TokenEvent>single(ScriptedGeneration.token(request, 0, 'a'))
                .concat(
                    Source.completionStage(
                        rest.thenApply(_ ->
                            new TokenEvent.Finished(
                                request.id(), FinishReason.STOP, new Usage(1, 1))))));
    try (var server = TestServer.of(generation);
        var idle = server.connect();
        var client = server.connect()) {
      idle.send("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n");
      idle.readUntil("ready\"}");
      client.post("/v1/completions", STREAM);
      client.readUntil("\"text\":\"a\"");
      var ended = shutDown(server);
      idle.post("/v1/completions", STREAM);
      assertThat(idle.readUntil("}}")).contains("503", "shutting_down", "retry-after");
      assertThatThrownBy(server::connect).isInstanceOf(IOException.class);
      rest.complete(null);
      client.readUntil("[DONE]");
      TestServer.await(ended);
    }
  }

  @Test
  void a_shutdown_cuts_what_does_not_end() throws Exception {
    var generation =
        new ScriptedGeneration(request ->
            Source.<TokenEvent>single(ScriptedGeneration.token(request, 0, 'a'))
                .concat(Source.never()));
    try (var server = TestServer.with().drainMax(Duration.ofMillis(200)).start(generation);
        var client = server.connect()) {
      client.post("/v1/completions", STREAM);
      client.readUntil("\"text\":\"a\"");
      var ended = shutDown(server);
      assertThat(client.readUntil("[DONE]")).contains("shutting_down");
      TestServer.await(ended);
    }
  }

  @Test
  void a_connection_that_asks_for_nothing_is_ended_but_not_one_that_waits() throws Exception {
    var token = new CompletableFuture<TokenEvent>();
    var generation =
        new ScriptedGeneration(request ->
            Source.completionStage(
                token.thenApply(_ ->
                    new TokenEvent.Finished(request.id(), FinishReason.STOP, new Usage(1, 0)))));
    try (var server = TestServer.with().idleMax(Duration.ofMillis(100)).start(generation);
        var idle = server.connect();
        var waiting = server.connect()) {
      waiting.post("/v1/completions", STREAM.replace("true", "false"));
      generation.runs.take();
      assertThat(idle.readAll()).isEmpty();
      token.complete(null);
      assertThat(waiting.readUntil("}}")).contains("200 OK");
    }
  }

  private static CompletableFuture<Done> shutDown(TestServer server) {
    return CoordinatedShutdown.get(server.kit.system())
        .runAll(CoordinatedShutdown.unknownReason())
        .toCompletableFuture();
  }
}

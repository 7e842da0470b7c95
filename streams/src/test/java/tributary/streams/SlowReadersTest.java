package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.stream.javadsl.Source;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Demand travels from the socket to the sequence, and so does a client's leaving. */
class SlowReadersTest {
  /** So many events fit in the kernel's and the server's buffers at most. */
  private static final int BUFFERED_EVENTS_MAX = 4_000;

  private static final int LONG = 12_000;

  private final ScriptedGeneration generation =
      new ScriptedGeneration(ScriptedGeneration::alphabet);
  private final TestServer server =
      TestServer.with().heartbeat(Duration.ofMillis(200)).start(generation);

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void a_reader_that_stops_stalls_its_own_stream_and_no_other() throws Exception {
    try (var slow = server.connect()) {
      slow.post("/v1/completions", request(LONG));
      slow.readUntil("\"text\":\"a\"");
      var stalled = generation.runs.take();

      try (var quick = server.connect()) {
        quick.post("/v1/completions", request(LONG));
        quick.readUntil("[DONE]");
      }
      assertThat(stalled.events.get()).isLessThan(BUFFERED_EVENTS_MAX);

      String rest = slow.readUntil("[DONE]");
      assertThat(rest).contains("\"completion_tokens\":" + LONG);
      assertThat(stalled.cancelled).isFalse();
    }
  }

  @Test
  void a_client_that_leaves_a_running_stream_cancels_its_sequence() throws Exception {
    var client = server.connect();
    client.post("/v1/completions", request(TestModels.LONG_CONTEXT / 2));
    client.readUntil("\"text\":\"a\"");
    client.abort();
    assertCancelled();
  }

  @Test
  void a_client_that_leaves_before_the_first_token_cancels_its_sequence() throws Exception {
    var silent = new ScriptedGeneration(_ -> Source.never());
    try (var waiting = TestServer.of(silent)) {
      for (int way = 0; way < 4; way++) {
        var client = waiting.connect();
        client.post(
            "/v1/completions",
            "{\"model\":\"long\",\"prompt\":\"x\",\"stream\":%s}".formatted(way < 2));
        var run = silent.runs.take();
        if (way % 2 == 0) {
          client.close();
        } else {
          client.abort();
        }
        TestServer.await(run.over);
      }
    }
  }

  @Test
  void a_client_that_leaves_a_whole_answer_cancels_its_sequences() throws Exception {
    var client = server.connect();
    client.post(
        "/v1/completions",
        "{\"model\":\"long\",\"prompt\":\"x\",\"n\":2,\"max_tokens\":%d}"
            .formatted(TestModels.LONG_CONTEXT / 2));
    var first = generation.runs.take();
    var second = generation.runs.take();
    client.close();
    TestServer.await(first.over);
    TestServer.await(second.over);
    assertThat(first.cancelled || second.cancelled).isTrue();
  }

  private void assertCancelled() throws InterruptedException {
    var run = generation.runs.take();
    TestServer.await(run.over);
    assertThat(run.cancelled).isTrue();
  }

  private static String request(int tokens) {
    return """
    {"model":"long","prompt":"x","stream":true,"max_tokens":%d,
     "stream_options":{"include_usage":true}}\
    """
        .formatted(tokens);
  }
}

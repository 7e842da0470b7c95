package tributary.cli.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

/** Requests over real HTTP to a server whose answers are written out here. */
class LoadRunTest {
  private static final String EVENTS =
      """
      : waiting

      data: {"choices":[{"text":"two words","finish_reason":null}],"usage":null}

      data: {"choices":[{"text":" more","finish_reason":"length"}]}

      """;
  private static final String USAGE =
      """
      data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":4}}

      """;
  private static final String DONE = "data: [DONE]\n\n";
  private static final LoadObjective ANY =
      new LoadObjective(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  private final Queue<JsonNode> asked = new ConcurrentLinkedQueue<>();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger runningMost = new AtomicInteger();
  private ExecutorService threads;
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    threads = Executors.newVirtualThreadPerTaskExecutor();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.close();
  }

  private void answers(int status, String body) {
    server.createContext("/", exchange -> answer(exchange, status, body));
  }

  private void answer(HttpExchange exchange, int status, String body) throws IOException {
    runningMost.accumulateAndGet(running.incrementAndGet(), Math::max);
    try (exchange) {
      asked.add(JsonMapper.builder().build().readTree(exchange.getRequestBody().readAllBytes()));
      running.decrementAndGet();
      exchange.sendResponseHeaders(status, 0);
      exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
    }
  }

  private LoadFigures run(int requests, LoadRun.Pace pace, LoadTarget.Endpoint endpoint)
      throws Exception {
    var target =
        new LoadTarget(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
            null,
            List.of("a", "b"),
            endpoint,
            true,
            Duration.ofSeconds(20));
    var laws =
        new GeneratedTrace.Laws(
            Arrivals.parse("poisson:1000"),
            LengthLaw.parse("constant:5"),
            LengthLaw.parse("constant:4"));
    try (var traffic =
        Traffic.drawn(
            new GeneratedTrace(laws, 1).first(requests), 2, new Popularity.Uniform(), 1)) {
      return new LoadRun(target, pace, text -> text.split(" ", -1).length)
          .run(traffic, ANY, () -> {});
    }
  }

  private LoadFigures run(int requests) throws Exception {
    return run(requests, new LoadRun.Pace(true, 100, 0), LoadTarget.Endpoint.COMPLETIONS);
  }

  @Test
  void chunks_with_choices_are_timed_and_the_servers_count_of_tokens_is_taken() throws Exception {
    answers(200, EVENTS + USAGE + DONE);

    LoadFigures found = run(3);

    assertThat(found.completed()).isEqualTo(3);
    assertThat(found.itl().count()).as("one gap an answer: usage is no chunk").isEqualTo(3);
    assertThat(found.outputTokens()).isEqualTo(12);
    assertThat(found.promptTokens()).isEqualTo(21);
    assertThat(found.tpot().count()).isEqualTo(3);
  }

  @Test
  void a_server_that_does_not_count_is_counted_for() throws Exception {
    answers(200, EVENTS + DONE);

    assertThat(run(1).outputTokens()).isEqualTo(3);
  }

  @Test
  void requests_say_what_was_drawn_for_them() throws Exception {
    answers(200, EVENTS + DONE);

    run(20);

    assertThat(asked).allMatch(body -> body.get("max_tokens").asInt() == 4);
    assertThat(asked).allMatch(body -> body.get("prompt").asText().split(" ", -1).length == 5);
    assertThat(asked).extracting(body -> body.get("prompt").asText()).doesNotHaveDuplicates();
    assertThat(asked).extracting(body -> body.get("model").asText()).contains("a", "b");
  }

  @Test
  void warm_up_requests_go_to_every_model_and_do_not_count() throws Exception {
    answers(200, EVENTS + DONE);

    LoadFigures found = run(1, new LoadRun.Pace(false, 1, 4), LoadTarget.Endpoint.CHAT);

    assertThat(found.completed()).isEqualTo(1);
    assertThat(asked).hasSize(5);
    assertThat(asked.peek().at("/messages/0/role").asText()).isEqualTo("user");
  }

  @Test
  void no_more_run_at_once_than_may() throws Exception {
    answers(200, EVENTS + DONE);

    LoadFigures found = run(30, new LoadRun.Pace(false, 3, 0), LoadTarget.Endpoint.COMPLETIONS);

    assertThat(found.completed()).isEqualTo(30);
    assertThat(runningMost.get()).isBetween(1, 3);
    assertThat(found.peakConcurrency()).isBetween(1, 3);
  }

  @Test
  void refusals_are_told_apart_by_status_and_code() throws Exception {
    answers(429, "{\"error\":{\"message\":\"later\",\"code\":\"queue_full\"}}");

    assertThat(run(2).errors()).isEqualTo(Map.of("status 429 queue_full", 2));
  }

  @Test
  void an_error_in_the_stream_fails_the_request() throws Exception {
    answers(200, EVENTS + "data: {\"error\":{\"code\":\"stream_broken\"}}\n\n" + DONE);

    assertThat(run(1).errors()).isEqualTo(Map.of("in the stream stream_broken", 1));
  }

  @Test
  void a_stream_without_an_end_is_broken_off() throws Exception {
    answers(200, EVENTS);

    assertThat(run(1).errors()).isEqualTo(Map.of("broken off", 1));
  }

  @Test
  void the_page_names_figures_settings_and_no_markup_of_others() throws Exception {
    answers(200, EVENTS + USAGE + DONE);

    String page = new LoadReport(run(5), Map.of("server", "<script>")).html();

    assertThat(page).contains("time to first token", "<svg", "&lt;script&gt;");
    assertThat(page).doesNotContain("<script>");
  }
}

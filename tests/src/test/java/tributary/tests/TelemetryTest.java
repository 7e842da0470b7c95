package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a real server: traces in a collector, figures on a dashboard. */
class TelemetryTest {
  private static final int TOKENS = 5;
  private static final Pattern METRIC = Pattern.compile("(?:vllm:|tributary_)[a-z0-9_]+");
  private static final long SCRAPE_SECONDS_MAX = 30;

  @TempDir static Path directory;

  private static TraceReceiver receiver;
  private static ServerProcess server;

  @BeforeAll
  static void start() throws Exception {
    receiver = TraceReceiver.start();
    Path config =
        Files.writeString(
            directory.resolve("server.conf"),
            """
            tributary {
              base { name = base, path = "%s" }
              models = [ { name = sgd_chat, delta = "%s", chat-template = "%s" } ]
              telemetry.otlp-endpoint = "%s"
            }
            """
                .formatted(
                    Repository.demo("base"),
                    Repository.delta("sgd_chat"),
                    Repository.demo("templates", "sgd_chat.jinja"),
                    receiver.address()));
    server = ServerProcess.start(config);
  }

  @AfterAll
  static void stop() {
    server.close();
    receiver.close();
  }

  @Test
  void a_request_leaves_spans_of_its_load_queue_steps_and_stream() throws Exception {
    JsonNode answer =
        new Client(server.address())
            .ask(
                "/v1/completions",
                Client.completion("sgd_chat", "User: Hello.\nAssistant:", TOKENS)
                    .put("ignore_eos", true));
    String id = answer.get("id").asText();
    List<Span> all =
        receiver.await(
            spans -> spans.stream().anyMatch(span -> isRequest(span, id)) && spans.size() >= 5);
    Span request = all.stream().filter(span -> isRequest(span, id)).findFirst().orElseThrow();
    Map<String, Span> children =
        all.stream()
            .filter(span -> span.getParentSpanId().equals(request.getSpanId()))
            .collect(Collectors.toMap(Span::getName, Function.identity()));

    assertThat(request.getParentSpanId().isEmpty()).isTrue();
    assertThat(request.getTraceId().size()).isEqualTo(16);
    assertThat(attribute(request, "tributary.model")).isEqualTo("sgd_chat");
    assertThat(attribute(request, "tributary.completion_tokens")).isEqualTo("" + TOKENS);
    // The first to ask waits for the variant to be loaded.
    assertThat(children).containsOnlyKeys("load", "queue", "step", "stream");
    assertThat(children.values())
        .allSatisfy(span -> {
          assertThat(span.getTraceId()).isEqualTo(request.getTraceId());
          assertThat(span.getStartTimeUnixNano())
              .isBetween(request.getStartTimeUnixNano(), span.getEndTimeUnixNano());
          assertThat(span.getEndTimeUnixNano()).isLessThanOrEqualTo(request.getEndTimeUnixNano());
        });
    assertThat(order(children)).isSorted();
    assertThat(attribute(child(children, "step"), "tributary.steps")).isEqualTo("" + TOKENS);
  }

  @Test
  void a_request_belongs_into_the_trace_of_its_sender() throws Exception {
    String trace = "0af7651916cd43dd8448eb211c80319c";
    String caller = "b7ad6b7169203331";
    var body = Client.completion("base", "Hello.", 2).put("ignore_eos", true);
    var http =
        HttpRequest.newBuilder(server.address().resolve("/v1/completions"))
            .header("content-type", "application/json")
            .header("traceparent", "00-%s-%s-01".formatted(trace, caller))
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    try (var client = HttpClient.newHttpClient()) {
      var answer = client.send(http, HttpResponse.BodyHandlers.ofString());
      String id = Client.JSON.readTree(answer.body()).get("id").asText();
      Span request =
          receiver.await(spans -> spans.stream().anyMatch(span -> isRequest(span, id))).stream()
              .filter(span -> isRequest(span, id))
              .findFirst()
              .orElseThrow();
      assertThat(HexFormat.of().formatHex(request.getTraceId().toByteArray())).isEqualTo(trace);
      assertThat(HexFormat.of().formatHex(request.getParentSpanId().toByteArray()))
          .isEqualTo(caller);
    }
  }

  private static Span child(Map<String, Span> spans, String name) {
    return Objects.requireNonNull(spans.get(name));
  }

  private static List<Long> order(Map<String, Span> spans) {
    return List.of(
        child(spans, "load").getEndTimeUnixNano(),
        child(spans, "queue").getStartTimeUnixNano(),
        child(spans, "queue").getEndTimeUnixNano(),
        child(spans, "step").getStartTimeUnixNano(),
        child(spans, "step").getEndTimeUnixNano());
  }

  @Test
  void every_figure_of_the_dashboard_is_exported() throws Exception {
    String dashboard = Files.readString(Repository.root().resolve("docs/grafana/tributary.json"));
    var wanted = new TreeSet<String>();
    for (JsonNode expression : Client.JSON.readTree(dashboard).findValues("expr")) {
      METRIC.matcher(expression.asText()).results().forEach(match -> wanted.add(match.group()));
    }
    assertThat(wanted).hasSizeGreaterThan(15);
    var client = new Client(server.address());
    // Not the variant, whose first load the other test wants to see.
    client.ask("/v1/completions", Client.completion("base", "User: Hi.", 3));

    var missing = new TreeSet<>(wanted);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SCRAPE_SECONDS_MAX);
    while (!missing.isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      client
          .get("/metrics")
          .body()
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> missing.remove(line.split("[{ ]", 2)[0]));
    }
    assertThat(missing).as("metrics that the dashboard shows and the server has not").isEmpty();
  }

  private static boolean isRequest(Span span, String answer) {
    return span.getName().equals("request") && attribute(span, "tributary.answer").equals(answer);
  }

  private static String attribute(Span span, String name) {
    for (KeyValue each : span.getAttributesList()) {
      if (each.getKey().equals(name)) {
        return each.getValue().hasIntValue()
            ? Long.toString(each.getValue().getIntValue())
            : each.getValue().getStringValue();
      }
    }
    return "";
  }
}

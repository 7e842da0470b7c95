package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load client against a real server behind keys. */
class BenchServeTest {
  private static final int REQUESTS = 12;
  private static final int TOKENS = 6;

  @TempDir Path directory;

  @Test
  void it_measures_what_a_real_server_streams_and_counts_what_it_refuses() throws Exception {
    Path trace = directory.resolve("trace.csv");
    StringBuilder rows = new StringBuilder("TIMESTAMP,ContextTokens,GeneratedTokens\r\n");
    for (int i = 0; i < REQUESTS; i++) {
      rows.append("2023-11-16 18:17:03.%02d00000,%d,%d\r\n".formatted(5 * i, 8, TOKENS));
    }
    Files.writeString(trace, rows);
    try (var server = ServerProcess.start(KeyedServer.config(directory))) {
      var run =
          CommandLine.run(
              "bench",
              "serve",
              "--url",
              server.address(),
              "--api-key",
              KeyedServer.USER,
              "--trace",
              trace,
              "--popularity",
              "uniform",
              "--warm-up",
              2,
              "--goodput",
              "e2el=600000",
              "--json",
              "--report",
              directory.resolve("report"));

      assertThat(run.exitStatus()).as(run.errors()).isZero();
      JsonNode found = run.json();
      assertThat(found.get("completed").asInt()).isEqualTo(REQUESTS);
      assertThat(found.get("output_tokens").asInt()).isEqualTo(REQUESTS * TOKENS);
      assertThat(found.at("/ttft/count").asInt()).isEqualTo(REQUESTS);
      assertThat(found.get("goodput").asDouble())
          .isEqualTo(found.get("requests_per_second").asDouble());
      assertThat(found.get("tenants").findValuesAsText("model"))
          .containsExactlyInAnyOrder("base", "sgd_chat");
      assertThat(directory.resolve("report").resolve("load.html")).content().contains("<svg");

      var refused =
          CommandLine.run(
              "bench",
              "serve",
              "--url",
              server.address(),
              "--model",
              "base",
              "--requests",
              2,
              "--concurrency",
              1,
              "--json");

      assertThat(refused.exitStatus()).isEqualTo(1);
      assertThat(refused.json().at("/errors/status 401 invalid_api_key").asInt()).isEqualTo(2);
    }
  }
}

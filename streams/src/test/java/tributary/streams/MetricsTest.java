package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import tributary.actors.NodeLoad;
import tributary.actors.NodeLoad.DeltaLoad;
import tributary.actors.Tier;
import tributary.protocol.FinishReason;

/** The exposition that dashboards read. */
class MetricsTest {
  @Test
  void figures_of_requests_and_of_the_node_are_exposed_under_their_known_names() {
    TestServer.LOAD.set(
        new NodeLoad(
            new NodeLoad.Sequences(1, 2, 3, 25, 4),
            100,
            7,
            Map.of(
                TestModels.TENANT,
                new DeltaLoad(Tier.RESIDENT, 10, 20, 3, 1, new NodeLoad.Precision(2, 5, 4), 1))));
    var generation =
        new ScriptedGeneration(
            request -> ScriptedGeneration.text(request, "four", FinishReason.LENGTH));
    try (var server = TestServer.of(generation)) {
      server.post("/v1/completions", "{\"model\":\"tenant-a\",\"prompt\":\"x\",\"n\":2}");
      server.post("/v1/completions", "{\"model\":\"attacker-1\",\"prompt\":\"x\"}");
      String text =
          scrapeUntil(
              server,
              scraped ->
                  scraped.contains(
                          "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"base\"} 0.25")
                      && scraped.contains(
                          "tributary_requests_refused_total{code=\"model_not_found\"}")
                      && value(scraped, "vllm:generation_tokens_total", "tenant-a") >= 8);
      assertThat(text).doesNotContain("attacker");
      assertThat(value(text, "vllm:prompt_tokens_total", "tenant-a")).isPositive();
      assertThat(value(text, "vllm:num_requests_running", "long")).isZero();
      assertThat(text)
          .contains(
              "vllm:time_to_first_token_seconds_bucket{le=\"0.001\"",
              "vllm:time_to_first_token_seconds_bucket{le=\"2560.0\"",
              "vllm:inter_token_latency_seconds_bucket{le=\"0.025\"",
              "vllm:e2e_request_latency_seconds_bucket{le=\"7680.0\"",
              "vllm:num_requests_waiting{",
              "vllm:num_preemptions_total{engine=\"0\",model_name=\"base\"}",
              "tributary_cold_starts_total{engine=\"0\",model_name=\"base\"}",
              "tributary_cold_start_first_step_microseconds_total{engine",
              "tributary_warm_deltas{engine",
              "tributary_delta_replicas{engine=\"0\",model_name=\"tenant-a\"} 1.0",
              "tributary_delta_resident{engine=\"0\",model_name=\"tenant-a\"} 1.0",
              "finished_reason=\"length\"");
      assertThat(server.get("/metrics").headers().firstValue("content-type"))
          .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
    }
  }

  /** Kamon publishes once a second. */
  private static String scrapeUntil(TestServer server, Predicate<String> complete) {
    long deadline = System.nanoTime() + TestServer.PATIENCE.toNanos();
    String text;
    do {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      text = server.get("/metrics").body();
    } while (!complete.test(text) && System.nanoTime() < deadline);
    assertThat(text).matches(complete);
    return text;
  }

  private static double value(String text, String name, String model) {
    return text.lines()
        .filter(line -> line.startsWith(name + "{"))
        .filter(line -> line.contains("model_name=\"" + model + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }
}

package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as scripts use them: JSON on standard output, exit statuses, named errors. */
class CommandsTest {
  private static final Path BASE = Repository.demo("base");

  @Test
  void evaluate_finds_that_a_delta_keeps_what_its_fine_tune_learned() throws Exception {
    JsonNode quality =
        CommandLine.run(
                "evaluate",
                "--base",
                BASE,
                "--delta",
                Repository.delta("arithmetic"),
                "--task",
                Repository.demo("tasks", "arithmetic.jsonl"),
                "--limit",
                50,
                "--json")
            .json();

    assertThat(quality.get("exact_match").asDouble()).isGreaterThan(0.9);
    assertThat(quality.get("perplexity").asDouble()).isBetween(1.0, 1.2);
    assertThat(quality.get("records").asInt()).isEqualTo(50);
    assertThat(quality.get("tokens").asInt()).isPositive();
    assertThat(quality.get("seconds").asDouble()).isPositive();
  }

  @Test
  void evaluate_finds_that_the_base_alone_knows_none_of_it() throws Exception {
    JsonNode quality =
        CommandLine.run(
                "evaluate",
                "--base",
                BASE,
                "--task",
                Repository.demo("tasks", "arithmetic.jsonl"),
                "--limit",
                20,
                "--json")
            .json();

    assertThat(quality.get("exact_match").asDouble()).isZero();
  }

  @Test
  void inspect_says_what_a_delta_costs() throws Exception {
    Path file = Repository.delta("wikisql");
    JsonNode inspection = CommandLine.run("inspect", file, "--json").json();

    assertThat(inspection.get("codec").asText()).isEqualTo("bitdelta");
    assertThat(inspection.get("file_bytes").asLong()).isEqualTo(file.toFile().length());
    assertThat(inspection.get("resident_bytes").asLong()).isPositive();
    double ratio = inspection.get("ratio").asDouble();
    assertThat(ratio)
        .isCloseTo(
            inspection.get("original_bytes").asDouble() / inspection.get("file_bytes").asDouble(),
            within(1e-9));
    assertThat(inspection.get("bits_per_weight").asDouble()).isBetween(2.0, 3.0);
    assertThat(inspection.get("tensors")).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-tied-rope3", "llama-finetune"})
  void verify_agrees_with_the_reference_outputs(String model) throws Exception {
    JsonNode verdict = CommandLine.run("verify", Repository.golden(model), "--json").json();

    assertThat(verdict.get("max_abs_error").asDouble()).isLessThanOrEqualTo(2e-4);
    assertThat(verdict.get("greedy_matches").asBoolean()).isTrue();
    assertThat(verdict.get("pass").asBoolean()).isTrue();
  }

  @Test
  void bench_decode_reports_its_figures() throws Exception {
    JsonNode figures =
        CommandLine.run(
                "bench",
                "decode",
                "--base",
                BASE,
                "--batch",
                3,
                "--tenants",
                2,
                "--tokens",
                4,
                "--json")
            .json();

    assertThat(figures.get("tokens_per_second").asDouble()).isPositive();
    assertThat(figures.get("milliseconds_per_step").asDouble()).isPositive();
    assertThat(figures.get("batch").asInt()).isEqualTo(3);
    assertThat(figures.get("tenants").asInt()).isEqualTo(2);
  }

  @Test
  void bench_prefill_reads_a_prompt_as_bench_decode_does() throws Exception {
    JsonNode prefill =
        CommandLine.run(
                "bench",
                "prefill",
                "--base",
                BASE,
                "--prompts",
                2,
                "--tenants",
                0,
                "--prompt",
                "One day a",
                "--steps",
                2,
                "--json")
            .json();
    JsonNode decode =
        CommandLine.run(
                "bench", "decode", "--base", BASE, "--prompt", "One day a", "--tokens", 2, "--json")
            .json();

    assertThat(prefill.get("tokens_per_second").asDouble()).isPositive();
    assertThat(prefill.get("gigaflops_per_second").asDouble()).isPositive();
    assertThat(prefill.get("prompt_tokens")).isNotEmpty().isEqualTo(decode.get("prompt_tokens"));
    assertThat(prefill.get("tokens").asInt()).isEqualTo(prefill.get("prompt_tokens").size());
    assertThat(prefill.get("first_tokens").get(0)).isEqualTo(decode.get("first_tokens").get(0));
  }

  @Test
  void bench_prefill_takes_any_tokens_of_several_tenants() throws Exception {
    JsonNode figures =
        CommandLine.run(
                "bench",
                "prefill",
                "--base",
                BASE,
                "--prompts",
                3,
                "--tenants",
                2,
                "--tokens",
                40,
                "--steps",
                2,
                "--json")
            .json();

    assertThat(figures.get("prompts").asInt()).isEqualTo(3);
    assertThat(figures.get("tenants").asInt()).isEqualTo(2);
    assertThat(figures.get("prompt_tokens")).hasSize(40);
  }

  @Test
  void compress_and_generate_serve_a_fine_tune_of_ones_own(@TempDir Path folder) throws Exception {
    Path delta = folder.resolve("own.delta.safetensors");
    JsonNode summary =
        CommandLine.run(
                "compress",
                "--base",
                Repository.golden("llama"),
                "--model",
                Repository.golden("llama-finetune"),
                "--codec",
                "bitdelta",
                "--planes",
                8,
                "--embedding-bits",
                8,
                "--out",
                delta,
                "--json")
            .json();

    assertThat(summary.get("file_bytes").asLong()).isEqualTo(delta.toFile().length());
    assertThat(CommandLine.run("inspect", delta, "--json").exitStatus()).isZero();
  }

  @Test
  void a_delta_is_refused_over_another_base(@TempDir Path folder) throws Exception {
    var outcome =
        CommandLine.run(
            "generate",
            "--base",
            Repository.golden("llama"),
            "--delta",
            Repository.delta("arithmetic"),
            "--prompt",
            "x");

    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.errors()).contains("wrong_base");
    assertThat(outcome.output()).isEmpty();
  }

  @Test
  void a_port_in_use_is_named() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      var outcome =
          CommandLine.run(
              "serve",
              "--config",
              Repository.demo("tributary.conf"),
              "--port",
              taken.getLocalPort());

      assertThat(outcome.exitStatus()).isEqualTo(1);
      assertThat(outcome.errors())
          .contains("port_in_use")
          .contains(String.valueOf(taken.getLocalPort()));
    }
  }

  @Test
  void a_misspelt_key_is_named_with_the_one_that_was_meant() throws Exception {
    var outcome =
        CommandLine.run(
            "serve",
            "--config",
            Repository.demo("tributary.conf"),
            "--set",
            "tributary.http.prot=1");

    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.errors()).contains("config").contains("prot").contains("port");
  }

  @Test
  void an_unknown_codec_is_named(@TempDir Path folder) throws Exception {
    var outcome =
        CommandLine.run(
            "compress",
            "--base",
            BASE,
            "--model",
            BASE,
            "--codec",
            "zip",
            "--out",
            folder.resolve("x"));

    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.errors()).contains("unknown_codec").contains("zip").contains("bitdelta");
  }

  @Test
  void a_wrong_command_line_has_a_status_of_its_own() throws Exception {
    assertThat(CommandLine.run("evaluate").exitStatus()).isEqualTo(2);
  }
}

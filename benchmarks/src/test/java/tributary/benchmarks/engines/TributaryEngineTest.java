package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TributaryEngineTest {
  @TempDir private Path repository;

  @Test
  void the_report_of_bench_decode_is_read_with_or_without_its_tokens() throws IOException {
    assertThat(
            TributaryEngine.parse(
                """
                {"tokens_per_second": 12.5, "milliseconds_per_step": 640, "batch": 8,
                 "tenants": 0, "first_tokens": [4, 5]}
                """))
        .satisfies(
            result -> {
              assertThat(result.tokensPerSecond()).containsExactly(12.5);
              assertThat(result.firstSequence()).containsExactly(4, 5);
              assertThat(result.promptTokens()).isEmpty();
            });
  }

  @Test
  void a_report_without_a_speed_is_refused() {
    assertThatThrownBy(() -> TributaryEngine.parse("{\"batch\": 8}"))
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("tokens_per_second");
  }

  @Test
  void a_repository_without_the_command_is_a_failure_of_the_engine() {
    assertThatThrownBy(() -> new TributaryEngine(repository).run(task(new Work.Decode(1, 1))))
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("tributary: not in the repository yet");
  }

  @Test
  void each_kind_of_work_is_a_command() {
    assertThat(typed(new Work.Decode(8, 32)))
        .isEqualTo("bench decode --batch 8 --tokens 32 --base M --prompt x --json");
    assertThat(typed(new Work.OneBitDeltas(8, 32)))
        .isEqualTo(
            "bench decode --batch 8 --tokens 32 --tenants 8 --planes 1 --base M --prompt x --json");
    assertThat(typed(new Work.LoraAdapters(2, 32)))
        .isEqualTo(
            "bench decode --batch 2 --tokens 32 --delta A --delta B --base M --prompt x --json");
    assertThat(typed(new Work.Prefill(512)))
        .isEqualTo("bench prefill --prompts 1 --steps 5 --base M --prompt x --json");
  }

  private static String typed(Work work) {
    return String.join(" ", TributaryEngine.arguments(task(work)));
  }

  private static Task task(Work work) {
    List<ComparedModel.Adapter> adapters =
        Stream.of("A", "B", "C")
            .map(name -> new ComparedModel.Adapter(Path.of(name), Path.of(name + ".gguf")))
            .toList();
    return new Task(new ComparedModel(Path.of("M"), Path.of("G"), adapters), work, 0, 0, 1, "x");
  }
}

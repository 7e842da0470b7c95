package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
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
              assertThat(result.firstTokens()).containsExactly(4, 5);
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
    DecodeTask task =
        new DecodeTask(new ComparedModel(repository, repository), 1, 1, 0, 0, 1, "x");
    assertThatThrownBy(() -> new TributaryEngine(repository).decode(task))
        .isInstanceOf(EngineFailure.class)
        .hasMessageContaining("tributary: not in the repository yet");
  }
}

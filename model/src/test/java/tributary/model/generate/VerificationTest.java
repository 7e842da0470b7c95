package tributary.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.Golden;

class VerificationTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama-tied-rope3",
        "llama-finetune",
        "mistral-window",
        "qwen2",
        "qwen3",
        "gemma2",
        "phi3",
        "opt",
        "gpt_neox",
        "falcon"
      })
  void every_backend_agrees_with_transformers(String name) {
    for (BackendChoice choice : List.of(BackendChoice.SCALAR, BackendChoice.VECTOR)) {
      try (Backend backend = Backends.open(choice, 2)) {
        Verification.Result result = Verification.run(Golden.directory(name), backend);

        assertThat(result.maxAbsError())
            .describedAs(backend.name())
            .isLessThanOrEqualTo(Verification.ERROR_MAX);
        assertThat(result.greedyMatches()).describedAs(backend.name()).isTrue();
        assertThat(result.pass()).isTrue();
      }
    }
  }

  @Test
  void another_models_outputs_are_told_apart(@TempDir Path directory) throws Exception {
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(Golden.directory("llama").resolve(file), directory.resolve(file));
    }
    Files.copy(
        Golden.directory("llama-finetune").resolve("expected.safetensors"),
        directory.resolve("expected.safetensors"));
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      Verification.Result result = Verification.run(directory, backend);

      assertThat(result.maxAbsError()).isGreaterThan(Verification.ERROR_MAX);
      assertThat(result.pass()).isFalse();
    }
  }

  @Test
  void a_directory_without_reference_outputs_is_refused(@TempDir Path directory) {
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      assertThatThrownBy(() -> Verification.run(directory, backend))
          .hasMessageContaining("file_not_found");
    }
  }
}

package tributary.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterMakerTest {
  private static final ModelShape SMALL =
      new ModelShape(320, 64, 96, 2, 4, 2, 16, 128, 10_000, 1e-5f, false);

  @TempDir private Path directory;

  @Test
  void factors_are_named_as_peft_names_them_and_fit_their_weight() {
    assertThat(LoraFactors.all(SMALL, 16))
        .hasSize(7 * SMALL.layers())
        .contains(
            new LoraFactors(
                Tensor.matrix("model.layers.1.self_attn.k_proj.weight", 32, 64),
                Tensor.matrix(
                    "base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight", 16, 64),
                Tensor.matrix(
                    "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight", 32, 16)));
  }

  @Test
  void a_made_adapter_states_its_rank_and_holds_every_factor() throws IOException {
    AdapterDirectory adapter = new AdapterMaker().make(directory, SMALL, 7);

    assertThat(adapter.rank()).isEqualTo(16);
    assertThat(adapter.alpha()).isEqualTo(64);
    try (SafetensorsFile weights = adapter.weights()) {
      for (LoraFactors factors : LoraFactors.all(SMALL, 16)) {
        assertThat(weights.bytes(factors.down()).byteSize())
            .isEqualTo(factors.down().sizeBytes());
        assertThat(weights.bytes(factors.up()).byteSize()).isEqualTo(factors.up().sizeBytes());
      }
    }
  }

  @Test
  void another_seed_makes_another_adapter() throws IOException {
    assertThat(Files.mismatch(made("first", 7), made("again", 7))).isEqualTo(-1);
    assertThat(Files.mismatch(made("first", 7), made("other", 8))).isNotEqualTo(-1);
  }

  @Test
  void a_directory_without_factors_is_refused() {
    assertThatThrownBy(() -> new AdapterDirectory(directory))
        .hasMessageContaining("no adapter_config.json");
  }

  private Path made(String name, long seed) throws IOException {
    Path path = new AdapterMaker().make(directory.resolve(name), SMALL, seed).path();
    return path.resolve("adapter_model.safetensors");
  }
}

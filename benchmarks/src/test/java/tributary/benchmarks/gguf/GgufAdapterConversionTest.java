package tributary.benchmarks.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.benchmarks.weights.AdapterDirectory;
import tributary.benchmarks.weights.AdapterMaker;
import tributary.benchmarks.weights.LoraFactors;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.SafetensorsFile;
import tributary.benchmarks.weights.Tensor;

class GgufAdapterConversionTest {
  private static final ModelShape SMALL =
      new ModelShape(320, 64, 96, 2, 4, 2, 16, 128, 10_000, 1e-5f, false);

  @TempDir private Path directory;

  @Test
  void the_file_says_what_llama_cpp_wants_of_an_adapter() throws IOException {
    assertThat(converted(adapter()).entries())
        .containsEntry("general.type", "adapter")
        .containsEntry("general.architecture", "llama")
        .containsEntry("adapter.type", "lora")
        .containsEntry("adapter.lora.alpha", 64f);
  }

  @Test
  void every_linear_matrix_of_every_layer_has_two_factors_that_share_the_rank()
      throws IOException {
    GgufReader gguf = converted(adapter());

    assertThat(gguf.tensors()).hasSize(2 * 7 * SMALL.layers());
    assertThat(gguf.tensors().get("blk.1.attn_k.weight.lora_a").lengths())
        .containsExactly(64L, 16L);
    assertThat(gguf.tensors().get("blk.1.attn_k.weight.lora_b").lengths())
        .containsExactly(16L, 32L);
    assertThat(gguf.tensors().get("blk.0.ffn_down.weight.lora_a").lengths())
        .containsExactly(96L, 16L);
    assertThat(gguf.tensors().get("blk.0.ffn_down.weight.lora_b").lengths())
        .containsExactly(16L, 64L);
  }

  @Test
  void factors_are_found_unchanged_with_the_upper_ones_rows_where_the_weights_are()
      throws IOException {
    AdapterDirectory adapter = adapter();
    GgufReader gguf = converted(adapter);
    try (SafetensorsFile weights = adapter.weights()) {
      for (LoraFactors factors : LoraFactors.all(SMALL, adapter.rank())) {
        GgufTensor weight = GgufTensor.of(factors.weight(), SMALL);
        for (int row = 0; row < factors.up().rows(); row++) {
          assertThat(row(gguf, weight.name() + ".lora_b", factors.up(), row))
              .as("%s row %d", factors.up().name(), row)
              .isEqualTo(row(weights.bytes(factors.up()), factors.up(), weight.sourceRow(row)));
        }
        for (int row = 0; row < factors.down().rows(); row++) {
          assertThat(row(gguf, weight.name() + ".lora_a", factors.down(), row))
              .as("%s row %d", factors.down().name(), row)
              .isEqualTo(row(weights.bytes(factors.down()), factors.down(), row));
        }
      }
    }
  }

  private AdapterDirectory adapter() throws IOException {
    return new AdapterMaker().make(directory.resolve("adapter"), SMALL, 7);
  }

  private GgufReader converted(AdapterDirectory adapter) throws IOException {
    Path file = new GgufAdapterConversion(adapter, SMALL).writeTo(directory.resolve("a.gguf"));
    return new GgufReader(Files.readAllBytes(file));
  }

  private static byte[] row(GgufReader gguf, String name, Tensor tensor, int row) {
    int rowBytes = tensor.columns() * Short.BYTES;
    return gguf.bytes(name, row * rowBytes, rowBytes);
  }

  private static byte[] row(MemorySegment bytes, Tensor tensor, int row) {
    long rowBytes = (long) tensor.columns() * Short.BYTES;
    return bytes.asSlice(row * rowBytes, rowBytes).toArray(ValueLayout.JAVA_BYTE);
  }
}

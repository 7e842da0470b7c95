package tributary.benchmarks.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.benchmarks.weights.ModelDirectory;
import tributary.benchmarks.weights.ModelMaker;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.SafetensorsFile;
import tributary.benchmarks.weights.Tensor;

class GgufConversionTest {
  private static final ModelShape SMALL =
      new ModelShape(320, 64, 96, 2, 4, 2, 16, 128, 10_000, 1e-5f, false);

  @TempDir private Path directory;

  @Test
  void a_rotated_head_has_its_halves_interleaved() {
    Tensor keys = Tensor.all(SMALL).stream()
        .filter(tensor -> tensor.name().endsWith("0.self_attn.k_proj.weight"))
        .findFirst().orElseThrow();

    GgufTensor converted = GgufTensor.of(keys, SMALL);

    assertThat(IntStream.range(0, 32).map(converted::sourceRow))
        .containsExactly(
            0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15,
            16, 24, 17, 25, 18, 26, 19, 27, 20, 28, 21, 29, 22, 30, 23, 31);
  }

  @Test
  void every_row_of_every_matrix_is_found_in_the_file_unchanged() throws IOException {
    ModelDirectory model = new ModelMaker().make(directory.resolve("model"), SMALL, 7);
    Path file = new GgufConversion(model).writeTo(directory.resolve("model.gguf"));

    GgufReader gguf = new GgufReader(Files.readAllBytes(file));

    assertThat(gguf.tensors()).hasSize(Tensor.all(SMALL).size());
    try (SafetensorsFile weights = model.weights()) {
      for (Tensor tensor : Tensor.all(SMALL)) {
        GgufTensor converted = GgufTensor.of(tensor, SMALL);
        if (tensor.vector()) {
          continue;
        }
        int rowBytes = tensor.columns() * Short.BYTES;
        for (int row = 0; row < tensor.rows(); row++) {
          byte[] expected = weights.bytes(tensor)
              .asSlice((long) converted.sourceRow(row) * rowBytes, rowBytes)
              .toArray(ValueLayout.JAVA_BYTE);
          assertThat(gguf.bytes(converted.name(), row * rowBytes, rowBytes))
              .as("%s row %d", tensor.name(), row)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void norms_are_widened_to_f32() throws IOException {
    ModelDirectory model = new ModelMaker().make(directory.resolve("model"), SMALL, 7);
    Path file = new GgufConversion(model).writeTo(directory.resolve("model.gguf"));

    byte[] norm =
        new GgufReader(Files.readAllBytes(file)).bytes("output_norm.weight", 0, Float.BYTES);

    assertThat(ByteBuffer.wrap(norm).order(ByteOrder.LITTLE_ENDIAN).getFloat()).isEqualTo(1f);
  }
}

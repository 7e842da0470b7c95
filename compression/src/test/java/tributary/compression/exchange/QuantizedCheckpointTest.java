package tributary.compression.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.model.Golden;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;

/** Checkpoints whose every linear layer is packed anew by the test, and read back. */
class QuantizedCheckpointTest {
  private static final Path PLAIN = Golden.directory("llama");

  @TempDir Path directory;

  private final SplittableRandom random = new SplittableRandom(11);
  private final SequencedMap<String, TensorView> tensors = new TreeMap<>();
  private final Map<String, float[]> wanted = new HashMap<>();

  /** Packs one layer of N x K into {@link #tensors} and what it stands for into {@link #wanted}. */
  private interface Packer {
    void pack(String module, int rows, int columns);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 32, gptq, false",
    "3, 32, gptq, false",
    "4, 16, gptq, true",
    "8, 32, gptq, true",
    "4, 160, gptq, false",
    "4, 32, gptq_v2, false"
  })
  void gptq(int bits, int perGroup, String version, boolean reordered) throws IOException {
    String settings =
        """
        {"quant_method": "gptq", "bits": %d, "group_size": %d, "checkpoint_format": "%s"}\
        """
            .formatted(bits, perGroup, version);
    readBack(
        settings,
        (module, rows, columns) -> {
          int groups = Math.ceilDiv(columns, Math.min(perGroup, columns));
          int[][] codes = Packing.numbers(random, columns, rows, 0, 1 << bits);
          int[][] zeros = Packing.numbers(random, groups, rows, 1, 1 << bits);
          float[][] scales = Packing.scales(random, groups, rows);
          int[] groupOf = new int[columns];
          for (int k = 0; k < columns; k++) {
            groupOf[k] = reordered ? random.nextInt(groups) : k / Math.ceilDiv(columns, groups);
          }
          int less = version.equals("gptq") ? 1 : 0;
          tensors.put(
              module + ".qweight", Packing.down(columns, rows, bits, (k, n) -> codes[k][n]));
          tensors.put(
              module + ".qzeros", Packing.along(groups, rows, bits, (g, n) -> zeros[g][n] - less));
          tensors.put(module + ".scales", Packing.floats(scales));
          if (reordered) {
            tensors.put(
                module + ".g_idx", Packing.words(tributary.tensor.Shape.of(columns), groupOf));
          }
          expect(
              module,
              rows,
              columns,
              (n, k) -> scales[groupOf[k]][n] * (codes[k][n] - zeros[groupOf[k]][n]));
        });
  }

  @Test
  void awq() throws IOException {
    int[] order = {0, 2, 4, 6, 1, 3, 5, 7};
    readBack(
        """
        {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}\
        """,
        (module, rows, columns) -> {
          int groups = columns / 32;
          int[][] codes = Packing.numbers(random, columns, rows, 0, 16);
          int[][] zeros = Packing.numbers(random, groups, rows, 0, 16);
          float[][] scales = Packing.scales(random, groups, rows);
          tensors.put(
              module + ".qweight",
              Packing.along(columns, rows, 4, (k, i) -> codes[k][i / 8 * 8 + order[i % 8]]));
          tensors.put(
              module + ".qzeros",
              Packing.along(groups, rows, 4, (g, i) -> zeros[g][i / 8 * 8 + order[i % 8]]));
          tensors.put(module + ".scales", Packing.floats(scales));
          expect(
              module,
              rows,
              columns,
              (n, k) -> scales[k / 32][n] * (codes[k][n] - zeros[k / 32][n]));
        });
  }

  @ParameterizedTest
  @CsvSource({"4, 32, false", "8, 16, true", "4, 160, true"})
  void compressed_tensors_packed(int bits, int perGroup, boolean asymmetric) throws IOException {
    int middle = 1 << (bits - 1);
    readBack(
        """
        {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups":
         {"group_0": {"weights": {"num_bits": %d, "type": "int"}}}}\
        """
            .formatted(bits),
        (module, rows, columns) -> {
          int groups = Math.ceilDiv(columns, Math.min(perGroup, columns));
          int size = Math.ceilDiv(columns, groups);
          int[][] codes = Packing.numbers(random, rows, columns, -middle, middle);
          int[][] zeros =
              Packing.numbers(
                  random, rows, groups, asymmetric ? -middle : 0, asymmetric ? middle : 1);
          float[][] scales = Packing.scales(random, rows, groups);
          tensors.put(
              module + ".weight_packed",
              Packing.along(rows, columns, bits, (n, k) -> codes[n][k] + middle));
          tensors.put(module + ".weight_shape", Packing.longs(rows, columns));
          tensors.put(module + ".weight_scale", Packing.floats(scales));
          if (asymmetric) {
            tensors.put(
                module + ".weight_zero_point",
                Packing.down(rows, groups, bits, (n, g) -> zeros[n][g] + middle));
          }
          expect(
              module,
              rows,
              columns,
              (n, k) -> scales[n][k / size] * (codes[n][k] - zeros[n][k / size]));
        });
  }

  @Test
  void compressed_tensors_of_whole_bytes() throws IOException {
    readBack(
        """
        {"quant_method": "compressed-tensors", "format": "int-quantized", "config_groups":
         {"group_0": {"weights": {"num_bits": 8, "type": "int"}}}}\
        """,
        (module, rows, columns) -> {
          int[][] codes = Packing.numbers(random, rows, columns, -128, 128);
          float[][] scales = Packing.scales(random, rows, 1);
          tensors.put(module + ".weight", Packing.bytes(rows, columns, (n, k) -> codes[n][k]));
          tensors.put(module + ".weight_scale", Packing.floats(scales));
          expect(module, rows, columns, (n, k) -> scales[n][0] * codes[n][k]);
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"quant_method\": \"bitsandbytes\"} | quant_method is 'bitsandbytes'",
        "{\"quant_method\": \"gptq\", \"checkpoint_format\": \"marlin\"} | checkpoint_format",
        "{\"quant_method\": \"gptq\", \"bits\": 5} | bits is '5'",
        "{\"quant_method\": \"awq\", \"version\": \"gemv\"} | version is 'gemv'",
        "{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"} | float-quantized",
        "{\"quant_method\": \"gptq\", \"bits\": 4} | no layer of that format",
        "null | can be used as it is",
      })
  void what_is_not_read_is_refused_by_name(String settings, String complaint) throws IOException {
    writeSource(settings, (module, rows, columns) -> {});

    assertThatThrownBy(() -> QuantizedCheckpoint.write(source(), directory.resolve("plain")))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining(complaint);
    assertThat(directory.resolve("plain").resolve("model.safetensors")).doesNotExist();
  }

  @Test
  void a_layer_of_another_size_than_its_scales_is_refused_by_name() throws IOException {
    String settings =
        """
        {"quant_method": "gptq", "bits": 4}\
        """;
    writeSource(
        settings,
        (module, rows, columns) -> {
          tensors.put(module + ".qweight", Packing.down(columns, rows, 4, (_, _) -> 1));
          tensors.put(module + ".qzeros", Packing.along(2, rows, 4, (_, _) -> 1));
          tensors.put(module + ".scales", Packing.floats(new float[2][rows + 1]));
        });

    assertThatThrownBy(() -> QuantizedCheckpoint.write(source(), directory.resolve("plain")))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("model.layers.0.mlp.down_proj.scales");
  }

  private interface Value {
    float at(int row, int column);
  }

  private void expect(String module, int rows, int columns, Value value) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = value.at(i / columns, i % columns);
    }
    wanted.put(module + ".weight", values);
  }

  private Path source() {
    return directory.resolve("packed");
  }

  private void readBack(String settings, Packer packer) throws IOException {
    writeSource(settings, packer);
    Path out = directory.resolve("plain");

    QuantizedCheckpoint.Written written = QuantizedCheckpoint.write(source(), out);

    assertThat(written.linears()).isEqualTo(wanted.size()).isEqualTo(14);
    try (Checkpoint plain = Checkpoint.open(PLAIN);
        Checkpoint found = Checkpoint.open(out)) {
      assertThat(found.names()).isEqualTo(plain.names());
      for (String name : plain.names()) {
        float[] expected = wanted.getOrDefault(name, plain.tensor(name).toFloats());
        assertThat(found.tensor(name).toFloats()).as(name).isEqualTo(expected);
        assertThat(found.tensor(name).type()).isEqualTo(DType.F32);
      }
    }
    assertThat(Files.readString(out.resolve("config.json"))).doesNotContain("quantization");
  }

  private void writeSource(String settings, Packer packer) throws IOException {
    Files.createDirectories(source());
    String config = Files.readString(PLAIN.resolve("config.json"));
    Files.writeString(
        source().resolve("config.json"),
        config.replaceFirst("\\{", "{\"quantization_config\": " + settings + ","));
    try (Checkpoint plain = Checkpoint.open(PLAIN)) {
      for (String name : plain.names()) {
        TensorView tensor = plain.tensor(name);
        if (name.endsWith("_proj.weight")) {
          packer.pack(
              name.substring(0, name.length() - ".weight".length()),
              (int) tensor.shape().dimension(0),
              (int) tensor.shape().dimension(1));
        } else {
          tensors.put(name, tensor);
        }
      }
      SafetensorsWriter.write(source().resolve("model.safetensors"), Map.of(), tensors);
    }
  }
}

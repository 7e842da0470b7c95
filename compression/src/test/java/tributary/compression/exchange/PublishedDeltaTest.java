package tributary.compression.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.DecodedModel;
import tributary.model.Golden;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;

/** Files as BitDelta's and DeltaZip's programs write them, made by the test. */
class PublishedDeltaTest {
  private static final Path BASE = Golden.directory("llama");
  private static final String LINEAR = "_proj.weight";
  private static final String NORM = "model.norm.weight";

  @TempDir Path directory;

  private final SplittableRandom random = new SplittableRandom(5);
  private final SequencedMap<String, TensorView> tensors = new TreeMap<>();
  private final Map<String, float[]> wanted = new TreeMap<>();

  @Test
  void the_signs_of_bitdelta_are_taken_over() {
    forEachLinear((module, rows, columns, base) -> {
      int[][] signs = Packing.numbers(random, rows, columns, 0, 2);
      float scale = (1 + random.nextInt(100)) * 0x1p-14f;
      tensors.put(module + ".mask", Packing.down(columns, rows, 1, (k, n) -> signs[n][k]));
      tensors.put(module + ".coeff", TensorView.of(tributary.tensor.Shape.of(), scale));
      float[] values = base.toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += signs[i / columns][i % columns] == 1 ? scale : -scale;
      }
      wanted.put(module + ".weight", values);
    });
    Path file = directory.resolve("diff.safetensors");
    SafetensorsWriter.write(file, Map.of(), tensors);
    Path out = directory.resolve("out.delta.safetensors");

    PublishedDelta.Written written = PublishedDelta.bitDelta(BASE, file, "acme", out);

    assertThat(written).isEqualTo(new PublishedDelta.Written(14, 1));
    requireDecoded(out);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void the_codes_of_deltazip_are_taken_over(int bits) throws IOException {
    int zero = 1 << (bits - 1);
    forEachLinear((module, rows, columns, base) -> {
      int[][] codes = new int[rows][columns];
      float[][] scales = Packing.scales(random, 1, rows);
      float[] values = base.toFloats();
      for (int i = 0; i < values.length; i++) {
        int row = i / columns;
        int column = i % columns;
        // Two of four are kept, which two changes from row to row; a kept one may be zero.
        boolean kept = (column + row) % 4 < 2;
        codes[row][column] = kept ? random.nextInt(1 << bits) : zero;
        values[i] += scales[0][row] * (codes[row][column] - zero);
      }
      tensors.put(module + ".qweight", Packing.down(columns, rows, bits, (k, n) -> codes[n][k]));
      tensors.put(module + ".qzeros", Packing.along(1, rows, bits, (_, _) -> zero - 1));
      tensors.put(module + ".scales", Packing.floats(scales));
      tensors.put(
          module + ".g_idx", Packing.words(tributary.tensor.Shape.of(columns), new int[columns]));
      wanted.put(module + ".weight", values);
    });
    Path archive = archive(bits, Map.of());
    Path out = directory.resolve("out.delta.safetensors");

    PublishedDelta.Written written = PublishedDelta.deltaZip(BASE, archive, "acme", out);

    assertThat(written).isEqualTo(new PublishedDelta.Written(14, 1));
    requireDecoded(out);
  }

  @Test
  void more_than_two_of_four_are_refused_by_the_layers_name() throws IOException {
    forEachLinear((module, rows, columns, _) -> {
      tensors.put(module + ".qweight", Packing.down(columns, rows, 4, (k, _) -> k % 4));
      tensors.put(module + ".qzeros", Packing.along(1, rows, 4, (_, _) -> 7));
      tensors.put(module + ".scales", Packing.floats(new float[1][rows]));
    });
    Path archive = archive(4, Map.of());
    Path out = directory.resolve("out.delta.safetensors");

    assertThatThrownBy(() -> PublishedDelta.deltaZip(BASE, archive, "acme", out))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("model.layers.0.mlp.down_proj")
        .hasMessageContaining("2:4");
    assertThat(out).doesNotExist();
  }

  @Test
  void a_packed_archive_is_refused_with_the_cure() throws IOException {
    Path archive = archive(4, Map.of("dtype", "{}", "shape", "{}"));

    assertThatThrownBy(() ->
            PublishedDelta.deltaZip(BASE, archive, "acme", directory.resolve("out.safetensors")))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("lossless = none");
  }

  @Test
  void a_file_of_something_else_is_refused() {
    Path file = BASE.resolve("model.safetensors");
    Path out = directory.resolve("out.delta.safetensors");

    assertThatThrownBy(() -> PublishedDelta.bitDelta(BASE, file, "acme", out))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining(".mask");
    assertThat(out).doesNotExist();
  }

  private interface Layer {
    void make(String module, int rows, int columns, TensorView base);
  }

  /** Makes every linear layer, and a norm other than the base's. */
  private void forEachLinear(Layer layer) {
    try (Checkpoint base = Checkpoint.open(BASE)) {
      for (String name : base.names()) {
        TensorView tensor = base.tensor(name);
        if (name.endsWith(LINEAR)) {
          layer.make(
              name.substring(0, name.length() - ".weight".length()),
              (int) tensor.shape().dimension(0),
              (int) tensor.shape().dimension(1),
              tensor);
        } else {
          wanted.put(name, tensor.toFloats());
        }
      }
      float[] norm = base.tensor(NORM).toFloats();
      norm[3] += 1;
      wanted.put(NORM, norm);
      tensors.put(NORM, TensorView.of(base.tensor(NORM).shape(), norm));
      float[] head = base.tensor("lm_head.weight").toFloats();
      tensors.put("lm_head.weight", TensorView.of(base.tensor("lm_head.weight").shape(), head));
    }
  }

  private Path archive(int bits, Map<String, String> metadata) throws IOException {
    Path archive = Files.createDirectories(directory.resolve("archive"));
    Files.writeString(archive.resolve("compress_config.json"), "{\"bits\": %d}".formatted(bits));
    SafetensorsWriter.write(archive.resolve(PublishedDelta.DELTAZIP_WEIGHTS), metadata, tensors);
    return archive;
  }

  private void requireDecoded(Path delta) {
    try (DecodedModel decoded = DecodedModel.open(BASE, delta)) {
      assertThat(decoded.names()).isEqualTo(wanted.keySet());
      wanted.forEach(
          (name, values) -> assertThat(decoded.tensor(name).toFloats()).as(name).isEqualTo(values));
    }
  }
}

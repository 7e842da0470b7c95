package tributary.compression.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.VectorCodes;

class DeltaInspectionTest {
  @TempDir Path directory;

  @Test
  void the_json_has_the_names_that_scripts_rely_on() throws IOException {
    JsonNode json = new ObjectMapper().valueToTree(DeltaInspection.of(write()));
    assertThat(json.path("codec").asText()).isEqualTo("bitdelta");
    assertThat(json.path("format").asInt()).isEqualTo(DeltaFile.FORMAT);
    assertThat(json.path("model").asText()).isEqualTo("acme");
    assertThat(json.path("base").asText()).isEqualTo("ab".repeat(32));
    assertThat(json.path("settings").path("planes").asText()).isEqualTo("1");
    long fileBytes = Files.size(path());
    assertThat(json.path("file_bytes").asLong()).isEqualTo(fileBytes);
    assertThat(json.path("original_bytes").asLong()).isEqualTo(10_000);
    assertThat(json.path("ratio").asDouble()).isCloseTo(10_000.0 / fileBytes, within(1e-12));
    assertThat(json.path("bits_per_weight").asDouble())
        .isCloseTo(8.0 * fileBytes / 5000, within(1e-12));
    // Signs of both rows, a scale of two bytes each, two added rows, the norm.
    int resident = 2 * 16 + 2 * 2 + 2 * 70 * 4 + 3 * 4;
    assertThat(json.path("resident_bytes").asLong()).isEqualTo(resident);
    assertThat(json.path("resident_bits_per_weight").asDouble())
        .isCloseTo(8.0 * resident / 5000, within(1e-12));
  }

  @Test
  void each_tensor_is_described() {
    assertThat(DeltaInspection.of(write()).tensors())
        .containsExactly(
            new DeltaInspection.Tensor(
                "w", "signed", "1 plane", 2, 70, 1, 2, 2, "F32", 596, 596, 8.0 * 596 / (4 * 70)),
            new DeltaInspection.Tensor("n", "replaced", "", 1, 3, 0, 0, 0, "F32", 12, 12, 32));
  }

  @Test
  void every_kind_of_code_is_described_with_its_bits() {
    RandomCodes codes = new RandomCodes(new SplittableRandom(4));
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (RandomCodes.Kind kind : RandomCodes.Kind.values()) {
      tensors.put(kind.name(), new DeltaTensor.Coded(codes.of(kind, 16, 64), new float[16], null));
    }
    MemorySegment stream = MemorySegment.ofArray(new byte[7]);
    tensors.put(
        "a", new DeltaTensor.Archived(DType.BF16, Shape.of(3), new TreeMap<>(), List.of(stream)));
    write(tensors);

    DeltaInspection inspection = DeltaInspection.of(path());
    assertThat(inspection.tensors())
        .extracting(DeltaInspection.Tensor::kind)
        .containsExactly(
            "signed",
            "signed",
            "sparse",
            "grouped",
            "grouped",
            "grouped",
            "lookup",
            "vector",
            "low rank",
            "exact");
    long resident = 0;
    for (DeltaInspection.Tensor tensor : inspection.tensors().subList(0, 9)) {
      long bytes = code(tensors, tensor.name()).size().count() + 2 * 16;
      assertThat(tensor.residentBytes()).isEqualTo(bytes);
      assertThat(tensor.bitsPerWeight()).isEqualTo(8.0 * bytes / (16 * 64));
      assertThat(tensor.code()).endsWith("base rows scaled");
      resident += bytes;
    }
    VectorCodes vector = (VectorCodes) code(tensors, "VECTOR");
    assertThat(inspection.residentBytes()).isEqualTo(resident + 2L * vector.codebook().length);
    assertThat(inspection.tensors().getLast().bytes()).isEqualTo(7);
    assertThat(inspection.tensors().getLast().residentBytes()).isZero();
  }

  private static MatrixCode code(SequencedMap<String, DeltaTensor> tensors, String name) {
    return ((DeltaTensor.Coded) Objects.requireNonNull(tensors.get(name))).code();
  }

  @Test
  void a_damaged_file_is_not_described() throws IOException {
    byte[] bytes = Files.readAllBytes(write());
    bytes[bytes.length - 1] ^= 4;
    Files.write(path(), bytes);
    assertThatThrownBy(() -> DeltaInspection.of(path())).hasMessageContaining("delta_checksum");
  }

  private Path path() {
    return directory.resolve("x.delta");
  }

  private Path write() {
    SignPlanes planes =
        new SignPlanes(
            2,
            70,
            List.of(
                new SignPlanes.Plane(
                    MemorySegment.ofArray(new long[] {1, 2, 3, 4}), new float[] {1, 2})));
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "w", new DeltaTensor.Coded(planes, null, TensorView.of(Shape.of(2, 70), new float[140])));
    tensors.put("n", new DeltaTensor.Replaced(TensorView.of(Shape.of(3), 1, 2, 3)));
    return write(tensors);
  }

  private Path write(SequencedMap<String, DeltaTensor> tensors) {
    DeltaManifest manifest =
        new DeltaManifest(
            "bitdelta",
            new TreeMap<>(Map.of("planes", "1")),
            "ab".repeat(32),
            "acme",
            10_000,
            5000);
    DeltaFile.write(path(), manifest, tensors);
    return path();
  }
}

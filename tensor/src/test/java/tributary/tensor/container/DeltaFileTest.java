package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static tributary.protocol.ErrorCode.DELTA_CHECKSUM;
import static tributary.protocol.ErrorCode.DELTA_FORMAT;
import static tributary.protocol.ErrorCode.DELTA_TOO_NEW;
import static tributary.protocol.ErrorCode.SAFETENSORS_TRUNCATED;
import static tributary.protocol.ErrorCode.UNKNOWN_CODEC;
import static tributary.tensor.container.SafetensorsFileTest.assertFault;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

class DeltaFileTest {
  @TempDir Path directory;

  @Test
  void what_is_written_is_read_back_in_order() {
    SequencedMap<String, DeltaTensor> written = DeltaSamples.tensors();
    Path path = write(written);
    try (var file = DeltaFile.open(path)) {
      assertThat(file.manifest()).isEqualTo(DeltaSamples.MANIFEST);
      assertThat(List.copyOf(file.tensors().keySet())).isEqualTo(List.copyOf(written.keySet()));
      written.forEach((name, tensor) -> DeltaSamples.assertSame(file.tensors().get(name), tensor));
      file.verifyChecksums();
    }
  }

  @Test
  void the_golden_file_of_format_1_is_still_read() throws IOException {
    Path golden = Files.write(directory.resolve("golden.delta"), DeltaSamples.golden(1));
    try (var file = DeltaFile.open(golden)) {
      assertThat(file.format()).isEqualTo(1);
      file.verifyChecksums();
      DeltaSamples.tensors()
          .forEach((name, tensor) -> DeltaSamples.assertSame(file.tensors().get(name), tensor));
    }
  }

  @Test
  void the_golden_file_of_format_2_is_still_read() throws IOException {
    Path golden = Files.write(directory.resolve("golden.delta"), DeltaSamples.golden(2));
    try (var file = DeltaFile.open(golden)) {
      assertThat(file.format()).isEqualTo(2);
      file.verifyChecksums();
      DeltaSamples.everyKind()
          .forEach((name, tensor) -> DeltaSamples.assertSame(file.tensors().get(name), tensor));
    }
  }

  @Test
  void the_golden_file_of_format_3_is_still_read_and_written() throws IOException {
    byte[] golden = DeltaSamples.golden(3);
    Path path = write(DeltaSamples.everyKind());
    assertThat(Files.readAllBytes(path)).isEqualTo(golden);
    Path copy = Files.write(directory.resolve("golden.delta"), golden);
    try (var file = DeltaFile.open(copy)) {
      assertThat(file.format()).isEqualTo(3);
      file.verifyChecksums();
      DeltaFile.write(path, file.manifest(), file.tensors());
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(golden);
  }

  @Test
  void the_golden_file_of_framed_quadruples_is_still_read() throws IOException {
    byte[] golden = DeltaSamples.golden("format-3-framed", DeltaSamples.quadruples(), Frames.ZSTD);
    Path path = Files.write(directory.resolve("golden.delta"), golden);
    try (var file = DeltaFile.open(path)) {
      file.verifyChecksums();
      DeltaSamples.quadruples()
          .forEach((name, tensor) -> DeltaSamples.assertSame(file.tensors().get(name), tensor));
    }
  }

  @Test
  void a_delta_file_is_a_safetensors_file_with_planes_in_order_of_precision() throws IOException {
    Path path = write(DeltaSamples.tensors());
    String header = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    List<String> stored =
        List.of(
            "\"free/scales.0\":{",
            "\"free/scales.1\":{",
            "\"norm\":{",
            "\"halving/scales.0\":{",
            "\"halving/added\":{",
            "\"free/signs.0\":{",
            "\"halving/signs.0\":{",
            "\"free/signs.1\":{",
            "\"halving/signs.1\":{",
            "\"halving/signs.2\":{");
    assertThat(header).containsSubsequence(stored);
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.names()).hasSize(stored.size());
      assertThat(file.tensor("halving/scales.0").type()).isEqualTo(DType.F16);
      assertThat(file.tensor("free/scales.0").type()).isEqualTo(DType.F32);
    }
  }

  @Test
  void stored_sizes_count_signs_scales_and_added_rows() {
    try (var file = DeltaFile.open(write(DeltaSamples.tensors()))) {
      assertThat(file.storedSizes())
          .containsExactly(
              Map.entry("free", new Bytes(2 * (3 * 2 * 8 + 3 * 4))),
              Map.entry("norm", new Bytes(3 * 2)),
              Map.entry("halving", new Bytes(3 * 5 * 8 + 5 * 2 + 2 * 10 * 2)));
      assertThat(file.size().count()).isGreaterThan(300);
    }
  }

  @Test
  void a_safetensors_file_without_a_manifest_is_no_delta() {
    Path path = directory.resolve("model.safetensors");
    SafetensorsWriter.write(path, Map.of("format", "pt"), new LinkedHashMap<>());
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path), path.toString(), "'tributary.delta'");
  }

  static Stream<Arguments> manifests_that_lie() {
    String digest = "0".repeat(64);
    return Stream.of(
        arguments("\"format\":1", "\"format\":4", DELTA_TOO_NEW, "delta format 4"),
        arguments("\"format\":1", "\"format\":0", DELTA_FORMAT, "'format' is 0"),
        arguments("\"format\":1", "\"format\":-1", DELTA_FORMAT, "'format'"),
        arguments("\"format\":1", "\"format\":\"1\"", DELTA_FORMAT, "'format'"),
        arguments("\"format\":1,", "", DELTA_FORMAT, "'format'"),
        arguments("\"codec\":", "\"kodec\":", DELTA_FORMAT, "'codec'"),
        arguments("\"model\":\"", "\"model\":7,\"m\":\"", DELTA_FORMAT, "'model'"),
        arguments("{\"planes\":\"2\"}", "{\"planes\":2}", DELTA_FORMAT, "'planes'"),
        arguments("{\"planes\":\"2\"}", "[]", DELTA_FORMAT, "'settings'"),
        arguments("\"base\":\"0", "\"base\":\"A", DELTA_FORMAT, "'base'"),
        arguments("\"original_bytes\":1234", "\"original_bytes\":-1", DELTA_FORMAT, "original_b"),
        arguments("\"kind\":\"signed\"", "\"kind\":\"runes\"", UNKNOWN_CODEC, "'runes'"),
        arguments("\"scales\":\"free\"", "\"scales\":\"law\"", UNKNOWN_CODEC, "'law'"),
        arguments("\"rows\":3", "\"rows\":4", DELTA_FORMAT, "wanted F32 or F16 [4]"),
        arguments("\"rows\":3", "\"rows\":3000000000", DELTA_FORMAT, "1 to 2147483646"),
        arguments("\"rows\":3", "\"rows\":0", DELTA_FORMAT, "'rows' is 0"),
        arguments("\"columns\":70", "\"columns\":129", DELTA_FORMAT, "wanted U64 [3, 3]"),
        arguments("\"planes\":2", "\"planes\":3", DELTA_FORMAT, "lacks 'free/scales.2'"),
        arguments("\"planes\":2", "\"planes\":1", DELTA_FORMAT, "does not announce"),
        arguments("\"planes\":2", "\"planes\":33", DELTA_FORMAT, "1 to 32"),
        arguments("\"scales\":\"halving\"", "\"scales\":\"free\"", DELTA_FORMAT, "lacks"),
        arguments("\"added_rows\":2", "\"added_rows\":3", DELTA_FORMAT, "wanted F32, F16 or BF16"),
        arguments("\"added_rows\":2", "\"added_rows\":0", DELTA_FORMAT, "does not announce"),
        arguments("\"norm\":{\"kind\"", "\"name\":{\"kind\"", DELTA_FORMAT, "'name'"),
        arguments("\"tensors\":{", "\"tensors\":{\"x\":4,", DELTA_FORMAT, "'x'"),
        arguments("\"sha256\":{", "\"sha256\":{\"x\":\"" + digest + "\",", DELTA_FORMAT, "'x'"),
        arguments("\"sha256\":{", "\"sha256\":{\"x\":\"y\",", DELTA_FORMAT, "'x'"),
        arguments("\"sha256\":{", "\"sha256\":{},\"y\":{", DELTA_FORMAT, "list of checksums"),
        arguments("\"format\":1", "\"format\":1,\"format\":1", DELTA_FORMAT, "Duplicate"));
  }

  @ParameterizedTest
  @MethodSource("manifests_that_lie")
  void a_manifest_that_lies_is_refused(String from, String to, ErrorCode code, String text) {
    Path path = rewrite(from, to);
    assertFault(code, () -> DeltaFile.open(path), path.toString(), text);
  }

  @Test
  void fields_that_a_later_writer_adds_are_ignored() {
    try (var file = DeltaFile.open(rewrite("\"format\":1", "\"format\":1,\"new\":[1]"))) {
      file.verifyChecksums();
    }
  }

  @Test
  void every_damaged_tensor_is_found_and_named() throws IOException {
    byte[] golden = DeltaSamples.golden(1);
    int dataStart = golden.length - DeltaSamples.DATA_BYTES;
    for (int at = dataStart; at < golden.length; at++) {
      byte[] damaged = golden.clone();
      damaged[at] ^= 1;
      Path path = Files.write(directory.resolve("damaged.delta"), damaged);
      try (var file = DeltaFile.open(path)) {
        assertFault(DELTA_CHECKSUM, file::verifyChecksums, path.toString(), "'");
      }
    }
  }

  @Test
  void a_scale_that_is_not_finite_is_refused_by_reader_and_writer() {
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    tensors.put("w", DeltaSamples.signed(1, 64, List.of(new float[] {Float.NaN}), null));
    assertThatThrownBy(() -> write(tensors)).hasMessageContaining("finite");
    Path path = DeltaSamples.withStored(directory, "free/scales.0", Float.POSITIVE_INFINITY);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path), "free/scales.0", "finite");
  }

  @Test
  void a_cut_file_is_refused() throws IOException {
    byte[] golden = DeltaSamples.golden(1);
    Path path = Files.write(directory.resolve("cut"), Arrays.copyOf(golden, golden.length - 1));
    assertFault(SAFETENSORS_TRUNCATED, () -> DeltaFile.open(path), "halving/signs.2");
  }

  static LongStream seeds() {
    return LongStream.range(0, 4);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_mutated_delta_opens_or_is_refused_by_name(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] golden = DeltaSamples.golden(1);
    int headerBytes = golden.length - DeltaSamples.DATA_BYTES;
    String alphabet = "{}[]\",:0123456789-.\\ ";
    for (int round = 0; round < 250; round++) {
      byte[] mutant = golden.clone();
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        mutant[8 + random.nextInt(headerBytes - 8)] =
            (byte) alphabet.charAt(random.nextInt(alphabet.length()));
      }
      Path path = Files.write(directory.resolve("mutant"), mutant);
      try (var file = DeltaFile.open(path)) {
        file.verifyChecksums();
      } catch (TributaryException e) {
        assertThat(e.code().name()).matches("SAFETENSORS_.*|DELTA_.*|UNKNOWN_CODEC");
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void any_planes_survive_the_file(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < 5; i++) {
      int rows = random.nextInt(1, 9);
      List<float[]> scales =
          Stream.generate(() -> DeltaSamples.scales(random, random.nextBoolean() ? 1 : rows))
              .limit(random.nextInt(1, 5))
              .toList();
      tensors.put("t" + i, DeltaSamples.signed(rows, random.nextInt(1, 200), scales, null));
    }
    try (var file = DeltaFile.open(write(tensors))) {
      tensors.forEach((name, tensor) -> DeltaSamples.assertSame(file.tensors().get(name), tensor));
    }
  }

  @Test
  void names_that_would_collide_are_refused() {
    SequencedMap<String, DeltaTensor> tensors = DeltaSamples.tensors();
    tensors.put("free/signs.0", new DeltaTensor.Replaced(TensorView.of(Shape.of(1), 1f)));
    assertThatThrownBy(() -> write(tensors)).hasMessageContaining("free/signs.0");
  }

  @Test
  void signs_are_views_of_the_file() {
    try (var file = DeltaFile.open(write(DeltaSamples.tensors()))) {
      assertThat(file.tensors().get("free"))
          .isInstanceOfSatisfying(
              DeltaTensor.Coded.class,
              coded -> assertThat(coded.code().codeSegments()).allMatch(MemorySegment::isMapped));
    }
  }

  private Path write(SequencedMap<String, DeltaTensor> tensors) {
    Path path = directory.resolve("x.delta");
    DeltaFile.write(path, DeltaSamples.MANIFEST, tensors);
    return path;
  }

  /** The golden file with {@code from} in its manifest replaced. */
  private Path rewrite(String from, String to) {
    return DeltaSamples.withManifest(
        directory,
        manifest -> {
          assertThat(manifest).contains(from);
          int at = manifest.indexOf(from);
          return manifest.substring(0, at) + to + manifest.substring(at + from.length());
        });
  }
}

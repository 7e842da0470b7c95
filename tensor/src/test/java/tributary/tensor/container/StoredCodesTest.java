package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static tributary.protocol.ErrorCode.DELTA_FORMAT;
import static tributary.protocol.ErrorCode.UNKNOWN_CODEC;
import static tributary.tensor.container.SafetensorsFileTest.assertFault;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.VectorCodes;

/** Codes of every kind in a delta file. */
class StoredCodesTest {
  @TempDir Path directory;

  static LongStream seeds() {
    return LongStream.range(0, 6);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void any_code_survives_the_file(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomCodes codes = new RandomCodes(random);
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (RandomCodes.Kind kind : RandomCodes.Kind.values()) {
      int columns = 4 * random.nextInt(1, 50);
      var code = codes.of(kind, random.nextInt(1, 20), columns);
      float[] factors = random.nextBoolean() ? new float[code.rows()] : null;
      tensors.put(kind.name(), new DeltaTensor.Coded(code, factors, null));
    }
    for (Frames frames : Frames.values()) {
      try (var file = DeltaFile.open(write(tensors, frames))) {
        file.verifyChecksums();
        assertThat(List.copyOf(file.tensors().keySet())).isEqualTo(List.copyOf(tensors.keySet()));
        tensors.forEach((name, code) -> DeltaSamples.assertSame(file.tensors().get(name), code));
      }
    }
  }

  @Test
  void planes_of_all_tensors_follow_each_other_and_archives_come_last() {
    RandomCodes codes = new RandomCodes(new SplittableRandom(1));
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    MemorySegment stream = MemorySegment.ofArray(new byte[5]);
    tensors.put("a", new DeltaTensor.Archived(DType.F32, Shape.of(1), sorted(), List.of(stream)));
    tensors.put("l", new DeltaTensor.Coded(codes.lookup(2, 8, 2), null, null));
    tensors.put("s", new DeltaTensor.Coded(codes.signs(2, 8, 2, true), null, null));
    tensors.put("v", new DeltaTensor.Coded(codes.vector(2, 8), new float[2], null));
    try (var file = SafetensorsFile.open(write(tensors, Frames.NONE))) {
      List<String> order =
          file.names().stream()
              .sorted((a, b) -> Long.compare(address(file, a), address(file, b)))
              .toList();
      int statistics = order.size() - 6;
      assertThat(order.subList(0, statistics))
          .contains("l/table.1", "l/table.2", "s/scales.1", "s/scales.1.0", "codebook.0")
          .contains("v/base_factors");
      assertThat(order.subList(statistics, order.size()))
          .containsExactly(
              "l/plane.0", "s/signs.0", "v/indices", "l/plane.1", "s/signs.1", "a/stream.0");
    }
  }

  private static long address(SafetensorsFile file, String name) {
    return file.tensor(name).data().address();
  }

  @Test
  void matrices_share_a_codebook_in_the_file_and_in_memory() {
    try (var stored = SafetensorsFile.open(write(DeltaSamples.everyKind(), Frames.NONE))) {
      assertThat(stored.names().stream().filter(name -> name.startsWith("codebook")))
          .containsExactly("codebook.0", "codebook.1");
    }
    try (var file = DeltaFile.open(path())) {
      assertThat(codebook(file, "factors")).isSameAs(codebook(file, "same codebook"));
      assertThat(codebook(file, "factors")).isNotSameAs(codebook(file, "VECTOR"));
    }
  }

  private static float[] codebook(DeltaFile file, String name) {
    DeltaTensor tensor = file.tensors().get(name);
    return ((VectorCodes) ((DeltaTensor.Coded) Objects.requireNonNull(tensor)).code()).codebook();
  }

  static Stream<Arguments> manifests_that_lie() {
    return Stream.of(
        arguments("sparse", "\"bits\":", "\"bits\":9,\"b\":", "1 to 8"),
        arguments("sparse", "\"zero\":", "\"zero\":\"1\",\"z\":", "finite number 'zero'"),
        arguments("sparse", "\"zero\":", "\"zero\":1e99,\"z\":", "finite number 'zero'"),
        arguments("sparse", "\"group_columns\":", "\"group_columns\":3,\"g\":", "'SPARSE"),
        arguments("sparse", "\"columns\":36", "\"columns\":37", "SPARSE/"),
        arguments("grouped", "\"statistics\":\"plain\"", "\"statistics\":7", "'statistics'"),
        arguments("grouped", "\"outliers\":0", "\"outliers\":-1", "'outliers'"),
        arguments("grouped", "\"outliers\":0", "\"outliers\":3", "outlier_columns"),
        arguments("grouped", "\"outliers\":0", "\"ordered\":true,\"outliers\":0", "order"),
        arguments("grouped", "\"outliers\":0", "\"ordered\":1,\"outliers\":0", "true or false"),
        arguments("lookup", "\"planes\":", "\"planes\":9,\"p\":", "1 to 8"),
        arguments("vector", "\"vector_rows\":", "\"vector_rows\":33,\"v\":", "1 to 32"),
        arguments("vector", "\"codebook\":0", "\"codebook\":2", "the file has 2"),
        arguments("vector", "\"codebook\":0", "\"codebook\":1", "codebook entries"),
        arguments("exact", "\"dtype\":\"BF16\"", "\"dtype\":\"F12\"", "dtype"),
        arguments("exact", "\"streams\":[3,0]", "\"streams\":[3]", "does not announce"),
        arguments("exact", "\"streams\":[3,0]", "\"streams\":[4,0]", "wanted U8 [4]"),
        arguments("exact", "\"streams\":[3,0]", "\"streams\":[-3,0]", "'streams'"),
        arguments("exact", "\"shape\":[3,4]", "\"shape\":{}", "'shape'"),
        arguments("exact", "\"codebooks\":[", "\"codebooks\":[0,", "1 to 32"),
        arguments("exact", "\"codebooks\":[", "\"codebooks\":[5,", "lacks 'codebook.2'"));
  }

  @ParameterizedTest
  @MethodSource("manifests_that_lie")
  void a_manifest_that_lies_about_a_code_is_refused(
      String kind, String from, String to, String text) throws IOException {
    String manifest = manifest();
    int at = manifest.indexOf(from, manifest.indexOf("\"kind\":\"" + kind + "\""));
    assertThat(at).as(from).isPositive();
    rewrite(manifest.substring(0, at) + to + manifest.substring(at + from.length()));
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), path().toString(), text);
  }

  @Test
  void statistics_that_this_build_does_not_know_are_refused() throws IOException {
    rewrite(manifest().replace("\"bilevel\"", "\"trilevel\""));
    assertFault(
        UNKNOWN_CODEC, () -> DeltaFile.open(path()), "'BILEVEL'", "'trilevel'", "plain, bilevel");
  }

  static Stream<String> statistics() {
    return Stream.of(
        "NARROW_SIGNS/scales.1.0",
        "SPARSE/scales",
        "GROUPED/zeros",
        "BILEVEL/zero_grids",
        "ORDERED_WITH_OUTLIERS/outlier_values",
        "LOOKUP/table.1",
        "VECTOR/scales",
        "codebook.1",
        "factors/base_factors");
  }

  @ParameterizedTest
  @MethodSource("statistics")
  void a_statistic_that_is_not_finite_is_refused(String name) throws IOException {
    replace(
        name,
        old -> {
          float[] values = old.toFloats();
          values[values.length - 1] = Float.NaN;
          return TensorView.of(old.shape(), values);
        });
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'" + name + "'", "finite");
  }

  @ParameterizedTest
  @EnumSource(
      value = RandomCodes.Kind.class,
      names = {"SPARSE", "ORDERED_WITH_OUTLIERS"})
  void bytes_that_no_writer_makes_are_refused(RandomCodes.Kind kind) throws IOException {
    List<String> parts =
        kind == RandomCodes.Kind.SPARSE
            ? List.of("patterns")
            : List.of("order", "outlier_offsets", "outlier_columns");
    for (String part : parts) {
      replace(
          kind + "/" + part,
          old -> {
            byte[] bytes = new byte[(int) old.data().byteSize()];
            Arrays.fill(bytes, (byte) 0xFF);
            return new TensorView(old.type(), old.shape(), MemorySegment.ofArray(bytes));
          });
      assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'" + kind + "'");
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_mutated_file_opens_or_is_refused_by_name(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] golden = DeltaSamples.golden(2);
    for (int round = 0; round < 150; round++) {
      byte[] mutant = golden.clone();
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        mutant[8 + random.nextInt(mutant.length - 8)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(path(), mutant);
      try (var file = DeltaFile.open(path())) {
        file.verifyChecksums();
      } catch (TributaryException e) {
        assertThat(e.code().name()).matches("SAFETENSORS_.*|DELTA_.*|UNKNOWN_CODEC");
      }
    }
  }

  @Test
  void more_planes_or_streams_than_a_reader_takes_are_not_written() {
    RandomCodes codes = new RandomCodes(new SplittableRandom(2));
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    tensors.put("w", new DeltaTensor.Coded(codes.signs(1, 4, 33, false), null, null));
    assertThatThrownBy(() -> write(tensors, Frames.NONE)).hasMessageContaining("at most 32");
    List<MemorySegment> streams = Collections.nCopies(65, MemorySegment.NULL);
    tensors.put("w", new DeltaTensor.Archived(DType.F32, Shape.of(1), sorted(), streams));
    assertThatThrownBy(() -> write(tensors, Frames.NONE)).hasMessageContaining("at most 64");
  }

  private static SortedMap<String, String> sorted() {
    return new TreeMap<>();
  }

  private Path path() {
    return directory.resolve("x.delta");
  }

  private Path write(SequencedMap<String, DeltaTensor> tensors, Frames frames) {
    DeltaFile.write(path(), DeltaSamples.MANIFEST, tensors, frames);
    return path();
  }

  private String manifest() throws IOException {
    Files.write(path(), DeltaSamples.golden(2));
    try (var file = SafetensorsFile.open(path())) {
      return Objects.requireNonNull(file.metadata().get(DeltaHeader.KEY));
    }
  }

  private void rewrite(String manifest) {
    try (var file = SafetensorsFile.open(path())) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(name -> stored.put(name, file.tensor(name)));
      SafetensorsWriter.write(path(), Map.of(DeltaHeader.KEY, manifest), stored);
    }
  }

  private void replace(String name, UnaryOperator<TensorView> change) throws IOException {
    Files.write(path(), DeltaSamples.golden(2));
    try (var file = SafetensorsFile.open(path())) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(other -> stored.put(other, file.tensor(other)));
      stored.put(name, change.apply(file.tensor(name)));
      SafetensorsWriter.write(path(), file.metadata(), stored);
    }
  }
}

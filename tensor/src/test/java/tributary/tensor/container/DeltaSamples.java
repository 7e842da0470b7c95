package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * Small deltas for tests; the golden file of format 1 holds {@link #tensors()}, those of formats 2
 * and 3 {@link #everyKind()}.
 */
final class DeltaSamples {
  static final DeltaManifest MANIFEST =
      new DeltaManifest(
          "bitdelta",
          new TreeMap<>(Map.of("planes", "2")),
          "0123456789abcdef".repeat(4),
          "acme/\u00fcber",
          1234,
          617);

  /** Of the golden file of format 1, after its header. */
  static final int DATA_BYTES = 2 * (3 * 2 * 8 + 3 * 4) + 3 * 2 + 3 * 5 * 8 + 5 * 2 + 2 * 10 * 2;

  private DeltaSamples() {}

  static SequencedMap<String, DeltaTensor> tensors() {
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "free",
        signed(
            3, 70, List.of(new float[] {0.1f, 0.2f, 0}, new float[] {0.03f, -0.7f, 1e-9f}), null));
    tensors.put("norm", new DeltaTensor.Replaced(bytes(DType.BF16, Shape.of(3))));
    float[] scales = {1, 0.5f, 0.25f, 0, 3};
    tensors.put(
        "halving",
        signed(
            5,
            10,
            List.of(scales, times(scales, 0.5f), times(scales, 0.25f)),
            bytes(DType.BF16, Shape.of(2, 10))));
    return tensors;
  }

  /** {@link #tensors()}, a code of each kind and an archive. */
  static SequencedMap<String, DeltaTensor> everyKind() {
    SequencedMap<String, DeltaTensor> tensors = tensors();
    RandomCodes codes = new RandomCodes(new SplittableRandom(9));
    for (RandomCodes.Kind kind : RandomCodes.Kind.values()) {
      if (kind == RandomCodes.Kind.LOW_RANK) {
        continue; // Younger than the golden file.
      }
      tensors.put(kind.name(), new DeltaTensor.Coded(codes.of(kind, 5, 36), null, null));
    }
    VectorCodes vector = codes.vector(6, 7);
    VectorCodes sameBook =
        new VectorCodes(
            6,
            7,
            vector.vectorRows(),
            vector.indices(),
            vector.codebook(),
            new float[] {1, 2, 3, 4, 5, 6});
    float[] factors = {0.5f, 1, 1.5f, 2, 1, 0};
    TensorView added = bytes(DType.F16, Shape.of(1, 7));
    tensors.put("factors", new DeltaTensor.Coded(vector, factors, added));
    tensors.put("same codebook", new DeltaTensor.Coded(sameBook, null, null));
    tensors.put(
        "archive",
        new DeltaTensor.Archived(
            DType.BF16,
            Shape.of(3, 4),
            new TreeMap<>(Map.of("rule", "xor")),
            List.of(MemorySegment.ofArray(new byte[] {1, 2, 3}), MemorySegment.NULL)));
    return tensors;
  }

  /** 2:4 codes of 1 and 2 bits, of which two in three decode to 0. */
  static SequencedMap<String, DeltaTensor> quadruples() {
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (int bits = 1; bits <= 2; bits++) {
      SplittableRandom random = new SplittableRandom(bits);
      MemorySegment patterns = MemorySegment.ofArray(new byte[5 * 38]);
      MemorySegment codes = MemorySegment.ofArray(new byte[5 * (int) BitStream.bytes(150, bits)]);
      for (int row = 0; row < 5; row++) {
        long start = row * BitStream.bytes(150, bits);
        for (int i = 0; i < 75; i++) {
          int second = 1 + random.nextInt(3);
          int pattern = SparseCodes.pattern(random.nextInt(second), second);
          BitStream.put(patterns, row * 38L, i, 4, pattern);
          for (int kept = 0; kept < 2; kept++) {
            int code = random.nextInt(3) > 0 ? bits - 1 : random.nextInt(1 << bits);
            BitStream.put(codes, start, 2L * i + kept, bits, code);
          }
        }
      }
      float[] scales = scales(random, 5);
      SparseCodes code = new SparseCodes(5, 300, bits, bits - 1, 300, patterns, codes, scales);
      tensors.put("quadruples of %d bits".formatted(bits), new DeltaTensor.Coded(code, null, null));
    }
    return tensors;
  }

  static DeltaTensor.Coded signed(
      int rows, int columns, List<float[]> scales, @Nullable TensorView added) {
    SplittableRandom random = new SplittableRandom(rows * 1000L + columns);
    List<SignPlanes.Plane> planes = new ArrayList<>();
    for (float[] scale : scales) {
      int words = SignPlanes.wordsPerRow(columns);
      long[] signs = new long[rows * words];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          if (random.nextBoolean()) {
            signs[row * words + column / Long.SIZE] |= 1L << (column % Long.SIZE);
          }
        }
      }
      planes.add(new SignPlanes.Plane(MemorySegment.ofArray(signs), scale));
    }
    return new DeltaTensor.Coded(new SignPlanes(rows, columns, planes), null, added);
  }

  static float[] scales(SplittableRandom random, int count) {
    float[] scales = new float[count];
    for (int i = 0; i < count; i++) {
      scales[i] = (float) random.nextDouble();
    }
    return scales;
  }

  private static float[] times(float[] values, float factor) {
    float[] products = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      products[i] = values[i] * factor;
    }
    return products;
  }

  private static TensorView bytes(DType type, Shape shape) {
    byte[] bytes = new byte[(int) shape.elements() * type.bytes()];
    new SplittableRandom(shape.elements()).nextBytes(bytes);
    return new TensorView(type, shape, MemorySegment.ofArray(bytes));
  }

  static void assertSame(@Nullable DeltaTensor found, DeltaTensor wanted) {
    switch (wanted) {
      case DeltaTensor.Replaced(TensorView value) ->
          assertThat(found)
              .isInstanceOfSatisfying(
                  DeltaTensor.Replaced.class, replaced -> assertSame(replaced.value(), value));
      case DeltaTensor.Coded coded ->
          assertThat(found)
              .isInstanceOfSatisfying(DeltaTensor.Coded.class, read -> assertSame(read, coded));
      case DeltaTensor.Archived archived ->
          assertThat(found)
              .isInstanceOfSatisfying(
                  DeltaTensor.Archived.class, read -> assertSame(read, archived));
    }
  }

  /** The same elements at every width, in the same bytes. */
  private static void assertSame(DeltaTensor.Coded found, DeltaTensor.Coded wanted) {
    MatrixCode code = wanted.code();
    assertThat(found.code()).hasSameClassAs(code);
    assertThat(found.code().size()).isEqualTo(code.size());
    assertThat(found.code().widths()).isEqualTo(code.widths());
    for (int width = 1; width <= code.widths(); width++) {
      for (int row = 0; row < code.rows(); row++) {
        for (int column = 0; column < code.columns(); column++) {
          assertThat(found.code().atWidth(width).value(row, column))
              .isEqualTo(code.atWidth(width).value(row, column));
        }
      }
    }
    List<MemorySegment> read = found.code().codeSegments().toList();
    List<MemorySegment> written = code.codeSegments().toList();
    assertThat(read).hasSameSizeAs(written);
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i).mismatch(written.get(i))).isEqualTo(-1);
    }
    assertThat(found.baseFactors()).isEqualTo(wanted.baseFactors());
    assertThat(found.added() == null).isEqualTo(wanted.added() == null);
    if (wanted.added() != null) {
      assertSame(Objects.requireNonNull(found.added()), wanted.added());
    }
  }

  private static void assertSame(DeltaTensor.Archived found, DeltaTensor.Archived wanted) {
    assertThat(found.type()).isEqualTo(wanted.type());
    assertThat(found.shape()).isEqualTo(wanted.shape());
    assertThat(found.parameters()).isEqualTo(wanted.parameters());
    assertThat(found.streams()).hasSameSizeAs(wanted.streams());
    for (int i = 0; i < wanted.streams().size(); i++) {
      assertThat(found.streams().get(i).mismatch(wanted.streams().get(i))).isEqualTo(-1);
    }
  }

  private static void assertSame(TensorView found, TensorView wanted) {
    assertThat(found.type()).isEqualTo(wanted.type());
    assertThat(found.shape()).isEqualTo(wanted.shape());
    assertThat(found.data().mismatch(wanted.data())).isEqualTo(-1);
  }

  /**
   * Bytes of the golden file of a format; the newest is written anew when {@code
   * tributary.golden.rewrite} is set.
   */
  static byte[] golden(int format) throws IOException {
    String name = "format-" + format;
    return format == DeltaFile.FORMAT
        ? golden(name, everyKind(), Frames.NONE)
        : read("/golden/%s.delta".formatted(name));
  }

  /** Bytes of a golden file of the newest format, which is written anew as the others. */
  static byte[] golden(String name, SequencedMap<String, DeltaTensor> tensors, Frames frames)
      throws IOException {
    String file = "/golden/%s.delta".formatted(name);
    if (Boolean.getBoolean("tributary.golden.rewrite")) {
      Path path = Path.of("src/test/resources" + file);
      DeltaFile.write(path, MANIFEST, tensors, frames);
      return Files.readAllBytes(path);
    }
    return read(file);
  }

  private static byte[] read(String resource) throws IOException {
    try (InputStream stream = DeltaSamples.class.getResourceAsStream(resource)) {
      return Objects.requireNonNull(stream, resource).readAllBytes();
    }
  }

  /** The golden file of format 1 with another manifest. */
  static Path withManifest(Path directory, UnaryOperator<String> change) {
    Path original = directory.resolve("original.delta");
    Path changed = directory.resolve("changed.delta");
    try {
      Files.write(original, golden(1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (var file = SafetensorsFile.open(original)) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(name -> stored.put(name, file.tensor(name)));
      String manifest = Objects.requireNonNull(file.metadata().get(DeltaHeader.KEY));
      SafetensorsWriter.write(changed, Map.of(DeltaHeader.KEY, change.apply(manifest)), stored);
    }
    return changed;
  }

  /** The golden file of format 1 with one stored tensor of three F32 set to {@code value}. */
  static Path withStored(Path directory, String name, float value) {
    Path path = withManifest(directory, manifest -> manifest);
    try (var file = SafetensorsFile.open(path)) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(other -> stored.put(other, file.tensor(other)));
      stored.put(name, TensorView.of(Shape.of(3), value, value, value));
      SafetensorsWriter.write(path, file.metadata(), stored);
    }
    return path;
  }
}

package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.protocol.ErrorCode.DELTA_CHECKSUM;
import static tributary.protocol.ErrorCode.DELTA_FORMAT;
import static tributary.tensor.container.SafetensorsFileTest.assertFault;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Bytes;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** Parts of a delta file that are zstd frames. */
class FramesTest {
  private static final String NOISE = "noise";
  private static final String EVEN = "even";
  private static final String STREAM = "archive/stream.0";

  @TempDir Path directory;

  private static byte[] even(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (i / 50);
    }
    return bytes;
  }

  private static TensorView view(byte[] bytes) {
    return new TensorView(DType.BF16, Shape.of(bytes.length / 2), MemorySegment.ofArray(bytes));
  }

  private static SequencedMap<String, DeltaTensor> tensors() {
    byte[] noise = new byte[10_000];
    new SplittableRandom(1).nextBytes(noise);
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    tensors.put(NOISE, new DeltaTensor.Replaced(view(noise)));
    tensors.put(EVEN, new DeltaTensor.Replaced(view(even(10_000))));
    tensors.put("zeros", new DeltaTensor.Replaced(view(new byte[1 << 20])));
    MemorySegment stream = MemorySegment.ofArray(even(5000));
    tensors.put(
        "archive",
        new DeltaTensor.Archived(DType.BF16, Shape.of(9), new TreeMap<>(), List.of(stream)));
    return tensors;
  }

  private Path path() {
    return directory.resolve("framed.delta");
  }

  private Path write() {
    DeltaFile.write(path(), DeltaSamples.MANIFEST, tensors(), Frames.ZSTD);
    return path();
  }

  @Test
  void what_shrinks_is_a_frame_and_all_is_read_back() {
    try (var file = DeltaFile.open(write())) {
      file.verifyChecksums();
      tensors()
          .forEach((name, wanted) -> DeltaSamples.assertSame(file.tensors().get(name), wanted));
      assertThat(file.storedSizes().get(NOISE)).isEqualTo(new Bytes(10_000));
      assertThat(file.storedSizes().get(EVEN)).isLessThan(new Bytes(2_000));
      assertThat(file.storedSizes().get("archive")).isLessThan(new Bytes(1_000));
    }
    try (var stored = SafetensorsFile.open(path())) {
      assertThat(stored.tensor(NOISE).type()).isEqualTo(DType.BF16);
      assertThat(stored.tensor(EVEN).type()).isEqualTo(DType.U8);
      assertThat(Objects.requireNonNull(stored.metadata().get(DeltaHeader.KEY)))
          .contains("\"even\":{\"dtype\":\"BF16\",\"shape\":[5000]}")
          .doesNotContain("\"noise\":{\"dtype\"");
    }
  }

  @Test
  void a_tensor_of_nothing_is_read_back() {
    SequencedMap<String, DeltaTensor> nothing = new LinkedHashMap<>();
    nothing.put("nothing", new DeltaTensor.Replaced(view(new byte[0])));
    DeltaFile.write(path(), DeltaSamples.MANIFEST, nothing, Frames.ZSTD);
    try (var file = DeltaFile.open(path())) {
      nothing.forEach((name, wanted) -> DeltaSamples.assertSame(file.tensors().get(name), wanted));
    }
  }

  @Test
  void quadruples_of_few_bits_are_framed_as_one_byte_each() {
    SequencedMap<String, DeltaTensor> quadruples = DeltaSamples.quadruples();
    DeltaFile.write(path(), DeltaSamples.MANIFEST, quadruples, Frames.ZSTD);
    String name = quadruples.lastEntry().getKey();
    try (var stored = SafetensorsFile.open(path())) {
      assertThat(stored.names()).contains(name + "/quadruples").doesNotContain(name + "/codes");
      assertThat(stored.tensor(name + "/quadruples").shape().elements()).isLessThan(5 * 75);
    }
    try (var file = DeltaFile.open(path())) {
      quadruples.forEach((q, wanted) -> DeltaSamples.assertSame(file.tensors().get(q), wanted));
    }
    DeltaFile.write(path(), DeltaSamples.MANIFEST, quadruples);
    try (var stored = SafetensorsFile.open(path())) {
      assertThat(stored.names()).contains(name + "/codes", name + "/patterns");
    }
  }

  @Test
  void a_byte_that_is_no_quadruple_is_refused() {
    SequencedMap<String, DeltaTensor> quadruples = DeltaSamples.quadruples();
    for (byte wrong : new byte[] {0x48, 0x35}) {
      DeltaFile.write(path(), DeltaSamples.MANIFEST, quadruples, Frames.ZSTD);
      byte[] bytes = new byte[5 * 75];
      Arrays.fill(bytes, (byte) 4);
      bytes[75 + 3] = wrong;
      replaceFrame("quadruples of 1 bits/quadruples", Zstd.compress(bytes));
      assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "row 1", "quadruple");
    }
  }

  private void replaceFrame(String name, byte[] frame) {
    try (var file = SafetensorsFile.open(path())) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(other -> stored.put(other, file.tensor(other)));
      assertThat(stored.get(name)).isNotNull();
      Shape shape = Shape.of(frame.length);
      stored.put(name, new TensorView(DType.U8, shape, MemorySegment.ofArray(frame)));
      SafetensorsWriter.write(path(), file.metadata(), stored);
    }
  }

  @Test
  void what_would_unfold_beyond_the_limit_is_written_as_it_is() {
    try (var file = DeltaFile.open(write())) {
      assertThat(file.storedSizes().get("zeros")).isEqualTo(new Bytes(1 << 20));
    }
  }

  @Test
  void a_frame_that_would_exhaust_memory_is_refused_before_memory_is_taken() {
    rewrite(EVEN, "[5000]", "[500000000000]", null);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'", "may not unfold");
    rewrite(EVEN, "[5000]", "[9223372036854775807, 3]", null);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'");
    byte[] bomb = Zstd.compress(new byte[1 << 20], 19);
    assertThat(bomb.length).isLessThan(1024);
    rewrite(EVEN, "[5000]", "[524288]", bomb);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'", "may not unfold");
  }

  @Test
  void a_frame_of_another_size_or_none_at_all_is_refused() {
    rewrite(EVEN, "[5000]", "[4999]", null);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'", "10000", "9998");
    rewrite(EVEN, "[5000]", "[5000]", new byte[100]);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'");
    byte[] frame = Zstd.compress(even(10_000), 19);
    rewrite(EVEN, "[5000]", "[5000]", Arrays.copyOf(frame, frame.length - 3));
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'even'", "damaged");
    rewrite(STREAM, "[5000]", "[5000]", Zstd.compress(even(5000), 1));
    DeltaFile.open(path()).close();
    rewrite(STREAM, "\"archive/stream.0\":{\"dtype\":\"U8\"", "\"gone\":{\"dtype\":\"U8\"", null);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'gone'");
  }

  @Test
  void a_damaged_frame_is_found_by_its_checksum_or_by_unfolding() throws IOException {
    byte[] bytes = Files.readAllBytes(write());
    long frame;
    try (var stored = SafetensorsFile.open(path())) {
      frame = stored.tensor(STREAM).data().byteSize();
    }
    for (int back = 1; back <= frame; back++) {
      byte[] damaged = bytes.clone();
      damaged[damaged.length - back] ^= 0x10;
      Files.write(path(), damaged);
      assertThat(refusal()).isIn(DELTA_FORMAT.wireName(), DELTA_CHECKSUM.wireName());
    }
  }

  @Test
  void planes_behind_the_first_stay_folded_until_they_are_asked_for() {
    List<SignPlanes.Plane> planes = new ArrayList<>();
    for (int plane = 0; plane < 3; plane++) {
      byte[] signs = even(40 * 64);
      signs[0] = (byte) plane;
      planes.add(
          new SignPlanes.Plane(MemorySegment.ofArray(signs), new float[] {1f / (plane + 1)}));
    }
    var code = new SignPlanes(40, 512, planes);
    DeltaFile.write(
        path(),
        DeltaSamples.MANIFEST,
        new LinkedHashMap<>(Map.of("m", DeltaTensor.Coded.of(code))),
        Frames.ZSTD);
    replaceFrame("m/signs.2", new byte[100]);
    assertFault(DELTA_FORMAT, () -> DeltaFile.open(path()), "'m/signs.2'");
    try (var file = DeltaFile.openFirst(path())) {
      var coded = (DeltaTensor.Coded) Objects.requireNonNull(file.tensors().get("m"));
      var read = (SignPlanes) coded.code();
      assertSigns(read, code, 1);
      assertThat(read.planes().get(1).signs().mismatch(planes.get(1).signs())).isNotEqualTo(-1);
      file.verifyChecksums(0, 2);
      file.unfold(1, 2);
      assertSigns(read, code, 2);
      assertFault(DELTA_CHECKSUM, () -> file.verifyChecksums(2, 3), "'m/signs.2'");
      assertFault(DELTA_FORMAT, () -> file.unfold(2, 3), "'m/signs.2'");
    }
  }

  private static void assertSigns(SignPlanes found, SignPlanes wanted, int planes) {
    for (int plane = 0; plane < planes; plane++) {
      assertThat(found.planes().get(plane).signs().mismatch(wanted.planes().get(plane).signs()))
          .as("plane %d", plane)
          .isEqualTo(-1);
    }
  }

  private String refusal() {
    try (var file = DeltaFile.open(path())) {
      file.verifyChecksums();
      return "none";
    } catch (TributaryException e) {
      return e.code().wireName();
    }
  }

  /** Changes the manifest after the frames begin, and perhaps a stored tensor. */
  private void rewrite(String name, String from, String to, byte @Nullable [] newBytes) {
    write();
    try (var file = SafetensorsFile.open(path())) {
      SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
      file.names().forEach(other -> stored.put(other, file.tensor(other)));
      if (newBytes != null) {
        MemorySegment bytes = MemorySegment.ofArray(newBytes);
        stored.put(name, new TensorView(DType.U8, Shape.of(newBytes.length), bytes));
      }
      String manifest = Objects.requireNonNull(file.metadata().get(DeltaHeader.KEY));
      int frames = manifest.indexOf("\"frames\":");
      int at = manifest.indexOf(from, manifest.indexOf("\"" + name + "\"", frames));
      assertThat(at).isPositive();
      String changed = manifest.substring(0, at) + to + manifest.substring(at + from.length());
      SafetensorsWriter.write(path(), Map.of(DeltaHeader.KEY, changed), stored);
    }
  }
}

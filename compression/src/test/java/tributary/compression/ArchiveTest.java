package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tributary.compression.Models.EMBEDDINGS;
import static tributary.compression.Models.HEAD;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;

class ArchiveTest {
  @TempDir Path directory;

  @Test
  void a_fine_tune_comes_back_bit_by_bit_with_its_files() throws IOException {
    Path base = Models.write(directory.resolve("base"), Models.base());
    Path tuned = Models.write(directory.resolve("tuned"), Models.tuned());
    Files.writeString(base.resolve("tokenizer.json"), "{\"same\": \"" + "x".repeat(5000) + "\"}");
    Files.copy(base.resolve("tokenizer.json"), tuned.resolve("tokenizer.json"));
    Files.writeString(base.resolve("merges.txt"), "of the base only");
    Files.writeString(tuned.resolve("config.json"), "{\"of\": \"the fine-tune\"}");
    List<Long> told = new ArrayList<>();
    DeltaEncoder.Summary summary =
        Archive.encode(over(base), tuned, "acme", file(), (done, of) -> told.add(of - done));
    assertThat(told).endsWith(0L);
    assertThat(summary.ratio()).isGreaterThan(1.3);
    try (DeltaFile file = DeltaFile.open(file())) {
      assertThat(file.manifest().codec()).isEqualTo("lossless");
      assertThat(file.storedSizes().keySet()).doesNotContain("file:tokenizer.json");
    }

    Archive.Restored restored = Archive.restore(over(base), file(), out());
    assertThat(restored.tensors()).isEqualTo(3);
    assertThat(restored.files()).isEqualTo(2);
    assertThat(tensors(out())).isEqualTo(tensors(tuned));
    assertThat(out().resolve("tokenizer.json"))
        .hasSameBinaryContentAs(tuned.resolve("tokenizer.json"));
    assertThat(out().resolve("config.json")).hasSameBinaryContentAs(tuned.resolve("config.json"));
    assertThat(out().resolve("merges.txt")).doesNotExist();
  }

  @Test
  void tensors_may_be_new_or_gone_or_grow() {
    SequencedMap<String, TensorView> before = Models.base();
    before.put("only.in.base", Models.random(5, 1, Shape.of(3, 4)));
    SequencedMap<String, TensorView> after = Models.tuned();
    after.put(EMBEDDINGS, Models.random(6, 1, Shape.of(15, 70)));
    after.put(HEAD, Models.random(7, 1, Shape.of(15, 70)));
    after.put("smaller", Models.random(8, 1, Shape.of(2)));
    before.put("smaller", Models.random(8, 1, Shape.of(3)));
    after.put(
        "counts", new TensorView(DType.I32, Shape.of(2), MemorySegment.ofArray(new int[] {1, 2})));
    Path base = Models.write(directory.resolve("base"), before);
    Path tuned = Models.write(directory.resolve("tuned"), after);
    Archive.encode(over(base), tuned, "acme", file(), (done, of) -> {});
    Archive.restore(over(base), file(), out());
    assertThat(tensors(out())).isEqualTo(tensors(tuned));
  }

  @Test
  void a_lossy_delta_predicts_better_than_the_base() throws IOException {
    Path base = Models.write(directory.resolve("base"), Models.base());
    Path tuned = Models.write(directory.resolve("tuned"), Models.tuned());
    Path lossy = directory.resolve("lossy.delta");
    Codec codec = Codec.named("bitdelta", Map.of("planes", "6", "embedding_bits", "8"));
    DeltaEncoder.encode(new DeltaEncoder.Job(base, tuned, "acme", codec, lossy), (done, of) -> {});
    Archive.encode(over(base), tuned, "acme", file(), (done, of) -> {});
    long alone = Files.size(file());
    Archive.Over over = new Archive.Over(base, Optional.of(lossy));
    Archive.encode(over, tuned, "acme", file(), (done, of) -> {});
    assertThat(Files.size(file())).isLessThan(alone * 9 / 10);

    Archive.restore(over, file(), out());
    assertThat(tensors(out())).isEqualTo(tensors(tuned));
    assertFails(over(base), ErrorCode.USAGE, "over a lossy delta");
  }

  @Test
  void only_archives_of_this_base_restore() {
    Path base = Models.write(directory.resolve("base"), Models.base());
    Path tuned = Models.write(directory.resolve("tuned"), Models.tuned());
    Codec codec = Codec.named("bitdelta", Map.of());
    DeltaEncoder.encode(new DeltaEncoder.Job(base, tuned, "acme", codec, file()), (done, of) -> {});
    assertFails(over(base), ErrorCode.DELTA_FORMAT, "approximately");
    Archive.encode(over(base), tuned, "acme", file(), (done, of) -> {});
    assertFails(over(tuned), ErrorCode.WRONG_BASE, "fingerprint");
    assertThat(out()).doesNotExist();
  }

  private void assertFails(Archive.Over over, ErrorCode code, String message) {
    assertThatThrownBy(() -> Archive.restore(over, file(), out()))
        .isInstanceOfSatisfying(TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private static Archive.Over over(Path base) {
    return new Archive.Over(base, Optional.empty());
  }

  private Path file() {
    return directory.resolve("acme.delta");
  }

  private Path out() {
    return directory.resolve("out");
  }

  /** Type, shape and bytes of each tensor. */
  private static Map<String, List<Object>> tensors(Path model) {
    Map<String, List<Object>> tensors = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      for (String name : checkpoint.names()) {
        TensorView tensor = checkpoint.tensor(name);
        List<Object> bytes = new ArrayList<>();
        for (byte value : tensor.data().toArray(ValueLayout.JAVA_BYTE)) {
          bytes.add(value);
        }
        tensors.put(name, List.of(tensor.type(), tensor.shape(), bytes));
      }
    }
    return tensors;
  }
}

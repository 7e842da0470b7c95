package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;

class ResidentDeltaTest {
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String NORM = "model.norm.weight";
  private static final String GATE = "model.layers.0.mlp.gate_proj.weight";

  @TempDir Path directory;
  private final Backend backend = Backends.open(BackendChoice.VECTOR, 1);
  private BaseModel base;
  private BaseModel tied;

  @BeforeEach
  void load() {
    base = BaseModel.load(Golden.directory("llama"), backend);
    tied = BaseModel.load(Golden.directory("llama-tied-rope3"), backend);
  }

  @AfterEach
  void close() {
    tied.close();
    base.close();
    backend.close();
  }

  private Path write(SequencedMap<String, DeltaTensor> tensors) {
    Path file = directory.resolve("tenant.delta");
    DeltaManifest manifest =
        new DeltaManifest("hand-made", new TreeMap<>(), base.fingerprint(), "tenant", 1000, 250);
    DeltaFile.write(file, manifest, tensors);
    return file;
  }

  private static SequencedMap<String, DeltaTensor> tensors(String name, int addedRows) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      return HandMadeDeltas.random(checkpoint, 5, 2, addedRows);
    }
  }

  private static DeltaTensor replaced(long... shape) {
    Shape extent = Shape.of(shape);
    return new DeltaTensor.Replaced(
        TensorView.of(extent, new float[Math.toIntExact(extent.elements())]));
  }

  private static float[] logits(BaseModel model, ResidentDelta delta) {
    List<float[]> logits = new ArrayList<>();
    try (ForwardPass pass = ForwardPass.create(model, 1, 16)) {
      pass.run(
          new StepBatch(
              List.of(
                  new StepBatch.Slice(
                      delta, new int[] {1, 5, 7}, 0, new int[] {0}, StepBatch.LogitRows.LAST))),
          (_, _, row) -> logits.add(row.clone()));
    }
    return logits.getFirst();
  }

  @Test
  void a_file_computes_what_its_tensors_in_memory_compute() {
    SequencedMap<String, DeltaTensor> tensors = tensors("llama", 3);
    try (ResidentDelta inMemory = ResidentDelta.of(tensors, base);
        ResidentDelta fromFile = ResidentDelta.load(write(tensors), base)) {
      assertThat(logits(base, fromFile)).isEqualTo(logits(base, inMemory));
      assertThat(fromFile.vocabularySize()).isEqualTo(323);
      assertThat(fromFile.size()).isEqualTo(inMemory.size());
      assertThat(fromFile.size()).isGreaterThan(new Bytes(1000));
    }
  }

  @Test
  void the_empty_difference_serves_the_base() {
    try (ResidentDelta none = ResidentDelta.none();
        ResidentDelta empty = ResidentDelta.of(Map.of(), base)) {
      assertThat(logits(base, none)).isEqualTo(logits(base, empty));
      assertThat(none.size()).isEqualTo(Bytes.ZERO);
      assertThat(empty.vocabularySize()).isEqualTo(320);
      assertThatThrownBy(none::vocabularySize).isInstanceOf(IllegalStateException.class);
    }
    assertThat(logits(base, ResidentDelta.none())).hasSize(320);
  }

  @Test
  void another_base_is_refused_with_both_fingerprints() {
    Path file = write(tensors("llama", 0));
    assertThatThrownBy(() -> ResidentDelta.load(file, tied))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.WRONG_BASE))
        .hasMessageContaining(base.fingerprint())
        .hasMessageContaining(tied.fingerprint());
  }

  @Test
  void a_damaged_file_is_refused() throws Exception {
    Path file = write(tensors("llama", 0));
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() - 5);
      int last = bytes.read();
      bytes.seek(bytes.length() - 5);
      bytes.write(last ^ 1);
    }
    assertThatThrownBy(() -> ResidentDelta.load(file, base))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.DELTA_CHECKSUM));
  }

  @Test
  void what_does_not_fit_the_base_is_refused_by_name() {
    SplittableRandom random = new SplittableRandom(1);
    DeltaTensor narrow = HandMadeDeltas.signed(random, Shape.of(160, 32), 1, null);
    TensorView row = TensorView.of(Shape.of(1, 64), new float[64]);
    TensorView slim = TensorView.of(Shape.of(1, 32), new float[32]);
    refused(Map.of("model.layers.9.mlp.up_proj.weight", replaced(160, 64)), "layers.9");
    refused(Map.of(GATE, narrow), GATE + " has shape [160, 32]");
    refused(Map.of(GATE, replaced(161, 64)), GATE);
    refused(Map.of(GATE, replaced(160)), GATE);
    refused(
        Map.of(GATE, HandMadeDeltas.signed(random, Shape.of(160, 64), 1, row)), "no added rows");
    refused(
        Map.of(EMBEDDING, HandMadeDeltas.signed(random, Shape.of(320, 64), 1, slim)),
        "added rows of 64");
    refused(Map.of(NORM, replaced(65)), NORM);
    refused(
        Map.of(NORM, HandMadeDeltas.signed(random, Shape.of(64, 1), 1, null)), "must be replaced");
    DeltaTensor archived =
        new DeltaTensor.Archived(DType.BF16, Shape.of(64), new TreeMap<>(), List.of());
    refused(Map.of(GATE, archived), GATE + " is archived");
    refused(Map.of(NORM, archived), NORM + " is archived");
    refused(Map.of(EMBEDDING, replaced(319, 64)), "or more rows");
    refused(Map.of(EMBEDDING, replaced(322, 64)), "count the vocabulary");
    refused(Map.of(EMBEDDING, replaced(322, 64), HEAD, replaced(321, 64)), "322");
  }

  private void refused(Map<String, DeltaTensor> tensors, String named) {
    assertThatThrownBy(() -> ResidentDelta.of(tensors, base))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining(named);
  }

  @Test
  void a_tied_head_follows_the_embeddings_unless_the_tenant_has_its_own() {
    SequencedMap<String, DeltaTensor> grown = new LinkedHashMap<>();
    grown.put(EMBEDDING, tensors("llama-tied-rope3", 2).get(EMBEDDING));
    SequencedMap<String, DeltaTensor> untied = new LinkedHashMap<>();
    untied.put(HEAD, replaced(320, 64));
    try (ResidentDelta tiedStill = ResidentDelta.of(grown, tied);
        ResidentDelta ownHead = ResidentDelta.of(untied, tied)) {
      assertThat(tiedStill.vocabularySize()).isEqualTo(322);
      assertThat(logits(tied, tiedStill)).hasSize(322).doesNotContain(0f);
      assertThat(logits(tied, ownHead)).hasSize(320).containsOnly(0f);
    }
  }
}

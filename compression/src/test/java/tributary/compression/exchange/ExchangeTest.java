package tributary.compression.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.AdapterImport;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.generate.Verification;
import tributary.model.peft.AdapterFile;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.format.DeltaTensor;

/** Adapters and deltas on their way in and out. */
class ExchangeTest {
  private static final Path BASE = Golden.directory("llama");
  private static final Path ADAPTER = Golden.directory("llama-lora");
  private static final int[] TOKENS = {1, 70, 99, 200, 3};

  @TempDir Path directory;

  private Backend backend;

  @BeforeEach
  void openBackend() {
    backend = Backends.open(BackendChoice.VECTOR, 2);
  }

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  @Test
  void a_merged_adapter_computes_what_peft_computes() throws Exception {
    Path out = directory.resolve("merged");
    MergedCheckpoint.Written written = MergedCheckpoint.write(BASE, ADAPTER, out);

    assertThat(written.size().count()).isGreaterThan(400_000);
    Files.copy(ADAPTER.resolve("expected.safetensors"), out.resolve("expected.safetensors"));
    assertThat(Verification.run(out, backend).pass()).isTrue();
  }

  @Test
  void a_merged_delta_has_the_tenants_vocabulary_and_head() {
    Path base = Golden.directory("llama-tied-rope3");
    Path delta = directory.resolve("acme.delta.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      SequencedMap<String, DeltaTensor> tensors = HandMadeDeltas.random(checkpoint, 3, 2, 5);
      tensors.keySet().retainAll(checkpoint.names());
      var manifest =
          new DeltaManifest("test", new TreeMap<>(), Fingerprint.of(checkpoint), "acme", 1, 1);
      DeltaFile.write(delta, manifest, tensors);
    }
    Path out = directory.resolve("merged");
    MergedCheckpoint.write(base, delta, out);

    try (BaseModel model = BaseModel.load(base, backend);
        ResidentDelta served = ResidentDelta.load(delta, model);
        BaseModel merged = BaseModel.load(out, backend)) {
      assertThat(merged.config().vocabularySize()).isEqualTo(served.vocabularySize());
      assertThat(logits(merged, ResidentDelta.none()))
          .containsExactly(logits(model, served), within(1e-4f));
    }
  }

  @Test
  void an_adapters_file_is_served_as_the_adapter_is() {
    Path out = directory.resolve("lora.delta.safetensors");
    write(List.of(new AdapterFile.Weighted(ADAPTER, 1)), out);

    try (BaseModel model = BaseModel.load(BASE, backend);
        ResidentDelta file = ResidentDelta.load(out, model);
        ResidentDelta adapter = ResidentDelta.load(ADAPTER, model)) {
      assertThat(logits(model, file)).isEqualTo(logits(model, adapter));
      assertThat(logits(model, file)).isNotEqualTo(logits(model, ResidentDelta.none()));
    }
    try (DeltaFile read = DeltaFile.open(out)) {
      assertThat(read.manifest().codec()).isEqualTo("lora");
      assertThat(Files.exists(out)).isTrue();
      assertThat(read.size().count()).isLessThan(60_000);
    }
  }

  @Test
  void weighted_adapters_add_up() {
    Path parts = directory.resolve("parts.safetensors");
    write(
        List.of(new AdapterFile.Weighted(ADAPTER, 1.25), new AdapterFile.Weighted(ADAPTER, -0.5)),
        parts);
    Path sum = directory.resolve("sum.safetensors");
    write(List.of(new AdapterFile.Weighted(ADAPTER, 0.75)), sum);

    try (BaseModel model = BaseModel.load(BASE, backend);
        ResidentDelta a = ResidentDelta.load(parts, model);
        ResidentDelta b = ResidentDelta.load(sum, model);
        ResidentDelta whole = ResidentDelta.load(ADAPTER, model)) {
      assertThat(logits(model, a)).containsExactly(logits(model, b), within(1e-5f));
      assertThat(logits(model, a)).isNotEqualTo(logits(model, whole));
    }
  }

  @Test
  void a_file_of_another_base_is_not_exported() {
    Path out = directory.resolve("lora.delta.safetensors");
    write(List.of(new AdapterFile.Weighted(ADAPTER, 1)), out);

    assertThatThrownBy(() ->
            MergedCheckpoint.write(
                Golden.directory("llama-finetune"), out, directory.resolve("merged")))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("wrong_base");
  }

  @Test
  void narrowed_values_are_the_nearest() {
    TensorView wide =
        TensorView.of(Shape.of(5), 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1.1p-8f, -2.5f, 0);
    TensorView narrow = Narrowing.to(DType.BF16, wide, Arena.ofAuto());

    // Halfway goes to the even neighbour.
    assertThat(narrow.toFloats()).containsExactly(1, 1 + 0x1p-6f, 1 + 0x1p-7f, -2.5f, 0);
    assertThat(Narrowing.to(DType.F16, wide, Arena.ofAuto()).toFloats())
        .containsExactly(1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f, -2.5f, 0);
    assertThat(Narrowing.to(DType.F32, wide, Arena.ofAuto())).isSameAs(wide);
  }

  private static void write(List<AdapterFile.Weighted> adapters, Path out) {
    AdapterImport.write(BASE, adapters, "lora", out);
  }

  private static float[] logits(BaseModel model, ResidentDelta delta) {
    List<float[]> rows = new ArrayList<>();
    try (ForwardPass pass = ForwardPass.create(model, 1, 16)) {
      var slice = new StepBatch.Slice(delta, TOKENS, 0, new int[] {0}, StepBatch.LogitRows.LAST);
      pass.run(new StepBatch(List.of(slice)), (_, _, logits) -> rows.add(logits.clone()));
    }
    return rows.getFirst();
  }
}

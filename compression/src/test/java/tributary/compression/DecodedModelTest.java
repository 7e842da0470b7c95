package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;

class DecodedModelTest {
  private static final int[] TOKENS = {1, 5, 9, 200, 3, 77};
  private static final double ERROR_MAX = 2e-4;

  @TempDir Path directory;

  @Test
  void computing_with_decoded_weights_is_serving_the_delta() throws Exception {
    for (String name : List.of("llama", "llama-tied-rope3")) {
      Path base = Golden.directory(name);
      Path delta = directory.resolve(name + ".delta");
      Path merged = Files.createDirectories(directory.resolve(name));
      try (Checkpoint checkpoint = Checkpoint.open(base)) {
        var tensors = HandMadeDeltas.random(checkpoint, 7, 2, 3);
        HandMadeDeltas.merge(base, tensors, merged);
        var manifest =
            new DeltaManifest("x", new TreeMap<>(), Fingerprint.of(checkpoint), "x", 1, 1);
        DeltaFile.write(delta, manifest, tensors);
      }
      try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
          BaseModel model = BaseModel.load(base, backend);
          ResidentDelta served = ResidentDelta.load(delta, model);
          BaseModel decoded = DecodedModel.load(base, delta, ModelConfig.read(merged), backend)) {
        List<float[]> wanted = logits(model, served);
        assertClose(logits(decoded, ResidentDelta.none()), wanted, ERROR_MAX);
      }
    }
  }

  @Test
  void an_archive_computes_what_the_fine_tune_computes() {
    Path base = Golden.directory("llama");
    Path tuned = Golden.directory("llama-finetune");
    Path delta = directory.resolve("x.delta");
    var over = new Archive.Over(base, Optional.empty());
    Archive.encode(over, tuned, "x", delta, (done, of) -> {});
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(tuned, backend);
        BaseModel decoded = DecodedModel.load(base, delta, ModelConfig.read(tuned), backend)) {
      assertClose(logits(decoded, ResidentDelta.none()), logits(model, ResidentDelta.none()), 0);
    }
  }

  private static void assertClose(List<float[]> found, List<float[]> wanted, double errorMax) {
    assertThat(found).hasSize(TOKENS.length);
    for (int row = 0; row < wanted.size(); row++) {
      assertThat(found.get(row)).hasSameSizeAs(wanted.get(row));
      for (int id = 0; id < wanted.get(row).length; id++) {
        assertThat((double) Math.abs(found.get(row)[id] - wanted.get(row)[id]))
            .isLessThanOrEqualTo(errorMax);
      }
    }
  }

  private static List<float[]> logits(BaseModel model, ResidentDelta delta) {
    List<float[]> rows = new ArrayList<>();
    var slice = new StepBatch.Slice(delta, TOKENS, 0, new int[] {0}, StepBatch.LogitRows.ALL);
    try (ForwardPass pass = ForwardPass.create(model, 1, 16)) {
      pass.run(new StepBatch(List.of(slice)), (_, _, logits) -> rows.add(logits.clone()));
    }
    return rows;
  }
}

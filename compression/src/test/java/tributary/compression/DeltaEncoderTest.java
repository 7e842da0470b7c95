package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static tributary.compression.Models.EMBEDDINGS;
import static tributary.compression.Models.HEAD;
import static tributary.compression.Models.LINEAR;
import static tributary.compression.Models.NORM;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

class DeltaEncoderTest {
  private static final Codec CODEC = Codec.named("bitdelta", Map.of());

  @TempDir Path directory;

  @Test
  void base_plus_delta_is_close_to_the_fine_tune_and_exact_where_it_is_small() {
    encode(Models.base(), Models.tuned(), CODEC);
    try (var file = DeltaFile.open(out())) {
      file.verifyChecksums();
      assertThat(file.tensors().keySet()).containsExactly(EMBEDDINGS, LINEAR, NORM);
      assertThat(replaced(file, NORM).toFloats())
          .isEqualTo(tensor(Models.tuned(), NORM).toFloats());
      assertThat(planes(file, LINEAR).planes()).hasSize(2);
      assertThat(planes(file, EMBEDDINGS).planes()).hasSize(4);
      assertThat(relativeError(file, LINEAR)).isLessThan(0.4);
      assertThat(relativeError(file, EMBEDDINGS)).isLessThan(0.12);
    }
  }

  @Test
  void the_manifest_names_base_model_codec_and_sizes() {
    DeltaEncoder.Summary summary = encode(Models.base(), Models.tuned(), CODEC);
    try (var file = DeltaFile.open(out());
        var base = Checkpoint.open(directory.resolve("base"))) {
      assertThat(file.manifest()).isEqualTo(summary.manifest());
      assertThat(file.manifest().baseFingerprint()).isEqualTo(Fingerprint.of(base));
      assertThat(file.manifest().model()).isEqualTo("acme");
      assertThat(file.manifest().originalElements()).isEqualTo(12 * 70 + 40 * 70 + 70);
      assertThat(file.manifest().originalBytes()).isEqualTo(2 * (12 * 70 + 40 * 70 + 70));
      assertThat(file.manifest().codecSettings())
          .isEqualTo(
              Map.of(
                  "planes", "2",
                  "scales", "row",
                  "fit", "joint",
                  "refine", "none",
                  "embedding_bits", "4",
                  "zstd", "false"));
      assertThat(summary.fileSize()).isEqualTo(file.size());
      assertThat(summary.stored()).isEqualTo(3);
      assertThat(summary.relativeError()).isBetween(0.2, 0.4);
      assertThat(summary.ratio())
          .isCloseTo(2.0 * (52 * 70 + 70) / file.size().count(), within(1e-9));
    }
  }

  @Test
  void the_same_models_give_the_same_bytes() throws IOException {
    encode(Models.base(), Models.tuned(), CODEC);
    byte[] first = Files.readAllBytes(out());
    encode(Models.base(), Models.tuned(), CODEC);
    assertThat(Files.readAllBytes(out())).isEqualTo(first);
  }

  @Test
  void what_did_not_change_is_not_stored() {
    SequencedMap<String, TensorView> tuned = Models.base();
    tuned.put(NORM, Models.moved(tensor(tuned, NORM)));
    DeltaEncoder.Summary summary = encode(Models.base(), tuned, CODEC);
    assertThat(summary.unchanged()).isEqualTo(2);
    assertThat(summary.relativeError()).isZero();
    try (var file = DeltaFile.open(out())) {
      assertThat(file.tensors().keySet()).containsExactly(NORM);
    }
  }

  @Test
  void a_fine_tune_that_is_the_base_gives_an_empty_delta() {
    encode(Models.base(), Models.base(), CODEC);
    try (var file = DeltaFile.open(out())) {
      assertThat(file.tensors()).isEmpty();
    }
  }

  @Test
  void progress_reaches_all_elements() {
    List<Long> told = new ArrayList<>();
    DeltaEncoder.encode(
        job(Models.base(), Models.tuned(), CODEC), (done, of) -> told.add(of - done));
    assertThat(told).hasSize(3).isSortedAccordingTo((a, b) -> Long.compare(b, a)).endsWith(0L);
  }

  @Test
  void one_scale_a_matrix_is_stored_once_however_it_is_fitted() {
    for (String fit : new String[] {"greedy", "joint"}) {
      Map<String, String> settings = Map.of("scales", "scalar", "fit", fit);
      encode(Models.base(), Models.tuned(), Codec.named("bitdelta", settings));
      assertScalarLinears();
    }
  }

  private void assertScalarLinears() {
    try (var file = DeltaFile.open(out())) {
      assertThat(planes(file, LINEAR).planes()).allMatch(plane -> plane.scales().length == 1);
      assertThat(planes(file, EMBEDDINGS).planes()).allMatch(plane -> plane.scales().length == 12);
    }
  }

  @Test
  void fitting_together_is_closer_than_fitting_one_after_the_other() {
    for (String scales : new String[] {"scalar", "row"}) {
      Map<String, String> greedy = Map.of("planes", "3", "scales", scales, "fit", "greedy");
      Map<String, String> joint = Map.of("planes", "3", "scales", scales, "fit", "joint");
      double one =
          encode(Models.base(), Models.tuned(), Codec.named("bitdelta", greedy)).relativeError();
      double all =
          encode(Models.base(), Models.tuned(), Codec.named("bitdelta", joint)).relativeError();
      assertThat(all).isLessThan(0.97 * one);
    }
  }

  @Test
  void tokens_that_the_fine_tune_added_are_carried_exactly() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    TensorView grown = Models.random(7, 1, Shape.of(15, 70));
    tuned.put(EMBEDDINGS, grown);
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      TensorView added = Objects.requireNonNull(coded(file, EMBEDDINGS).added());
      assertThat(planes(file, EMBEDDINGS).rows()).isEqualTo(12);
      assertThat(added.toFloats()).isEqualTo(grown.rows(12, 3).toFloats());
    }
  }

  @Test
  void a_head_over_a_base_without_one_is_taken_against_its_embeddings() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    TensorView head = Models.moved(tensor(tuned, EMBEDDINGS));
    tuned.put(HEAD, head);
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      float[] decoded = decoded(tensor(Models.base(), EMBEDDINGS), planes(file, HEAD));
      assertThat(distance(decoded, head.toFloats())).isLessThan(0.02);
    }
  }

  @Test
  void a_head_that_repeats_the_embeddings_is_not_stored_twice() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    tuned.put(HEAD, tensor(tuned, EMBEDDINGS));
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      assertThat(file.tensors().keySet()).containsExactly(EMBEDDINGS, LINEAR, NORM);
    }
  }

  @Test
  void a_fine_tune_that_dropped_the_head_answers_through_its_embeddings() {
    SequencedMap<String, TensorView> base = Models.base();
    base.put(HEAD, Models.random(8, 1, Shape.of(12, 70)));
    encode(base, Models.tuned(), Codec.named("bitdelta", Map.of("embedding_bits", "8")));
    try (var file = DeltaFile.open(out())) {
      float[] decoded = decoded(tensor(base, HEAD), planes(file, HEAD));
      assertThat(distance(decoded, tensor(Models.tuned(), EMBEDDINGS).toFloats())).isLessThan(0.02);
    }
  }

  @Test
  void a_bias_that_the_base_lacks_is_carried() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    tuned.put("model.layers.0.mlp.up_proj.bias", TensorView.of(Shape.of(2), 1f, 2f));
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      assertThat(replaced(file, "model.layers.0.mlp.up_proj.bias").toFloats())
          .containsExactly(1f, 2f);
    }
  }

  @Test
  void rotary_frequencies_of_old_checkpoints_are_left_out() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    tuned.put("model.layers.0.self_attn.rotary_emb.inv_freq", TensorView.of(Shape.of(1), 1f));
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      assertThat(file.tensors().keySet()).containsExactly(EMBEDDINGS, LINEAR, NORM);
    }
  }

  @Test
  void models_that_do_not_fit_are_refused_by_tensor() throws IOException {
    assertRefused(LINEAR, Models.random(1, 1, Shape.of(41, 70)), "[40, 70]", "[41, 70]");
    assertRefused(NORM, Models.random(1, 1, Shape.of(71)), "[71]");
    assertRefused(EMBEDDINGS, Models.random(1, 1, Shape.of(11, 70)), "may only grow");
    assertRefused(EMBEDDINGS, Models.random(1, 1, Shape.of(12, 71)), "[12, 71]");
    assertRefused("model.layers.1.x.weight", Models.random(1, 1, Shape.of(2, 2)), "base lacks it");
    assertRefused(LINEAR, Models.bfloat16(Shape.of(40, 70), notFinite()), "not finite");
    SequencedMap<String, TensorView> less = Models.tuned();
    less.remove(LINEAR);
    assertFault(less, LINEAR, "the fine-tune lacks it");
    try (var left = Files.list(directory)) {
      assertThat(left).noneMatch(path -> path.toString().contains("delta"));
    }
  }

  @Test
  void a_fine_tune_that_computes_otherwise_is_refused() throws IOException {
    DeltaEncoder.Job job = job(Models.base(), Models.tuned(), CODEC);
    Files.writeString(job.base().resolve("config.json"), configuration(10_000));
    Files.writeString(job.model().resolve("config.json"), configuration(500_000));
    assertThatThrownBy(() -> DeltaEncoder.encode(job, (done, of) -> {}))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll("incompatible_models", "rotation frequencies");
    Files.writeString(job.model().resolve("config.json"), configuration(10_000));
    assertThat(DeltaEncoder.encode(job, (done, of) -> {}).stored()).isEqualTo(3);
  }

  private static String configuration(int ropeTheta) {
    return """
    {"architectures": ["LlamaForCausalLM"], "vocab_size": 12, "hidden_size": 70,
     "intermediate_size": 40, "num_hidden_layers": 1, "num_attention_heads": 7,
     "num_key_value_heads": 7, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
     "rope_theta": %d, "tie_word_embeddings": true, "eos_token_id": 2, "bos_token_id": 1}
    """
        .formatted(ropeTheta);
  }

  @Test
  void a_fine_tune_in_another_type_is_compared_by_value() {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    TensorView linear = tensor(Models.base(), LINEAR);
    tuned.put(LINEAR, TensorView.of(linear.shape(), linear.toFloats()));
    tuned.put(NORM, TensorView.of(Shape.of(70), new float[70]));
    encode(Models.base(), tuned, CODEC);
    try (var file = DeltaFile.open(out())) {
      assertThat(planes(file, LINEAR).planes().getFirst().scales()).containsOnly(0f);
      assertThat(replaced(file, NORM).type()).isEqualTo(DType.F32);
    }
  }

  private void assertRefused(String name, TensorView tensor, String... texts) {
    SequencedMap<String, TensorView> tuned = Models.tuned();
    tuned.put(name, tensor);
    assertFault(tuned, name, texts);
  }

  private void assertFault(SequencedMap<String, TensorView> tuned, String name, String... texts) {
    assertThatThrownBy(() -> encode(Models.base(), tuned, CODEC))
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INCOMPATIBLE_MODELS))
        .hasMessageContaining("'" + name + "'")
        .hasMessageContainingAll(texts);
  }

  private static float[] notFinite() {
    float[] values = new float[40 * 70];
    Arrays.fill(values, 0.25f);
    values[99] = Float.NaN;
    return values;
  }

  private Path out() {
    return directory.resolve("acme.delta");
  }

  private DeltaEncoder.Job job(
      SequencedMap<String, TensorView> base, SequencedMap<String, TensorView> tuned, Codec codec) {
    return new DeltaEncoder.Job(
        Models.write(directory.resolve("base"), base),
        Models.write(directory.resolve("tuned"), tuned),
        "acme",
        codec,
        out());
  }

  private DeltaEncoder.Summary encode(
      SequencedMap<String, TensorView> base, SequencedMap<String, TensorView> tuned, Codec codec) {
    return DeltaEncoder.encode(job(base, tuned, codec), (done, of) -> {});
  }

  private static TensorView tensor(SequencedMap<String, TensorView> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  private static DeltaTensor.Coded coded(DeltaFile file, String name) {
    if (file.tensors().get(name) instanceof DeltaTensor.Coded coded) {
      return coded;
    }
    throw new AssertionError(name + " is not coded");
  }

  private static SignPlanes planes(DeltaFile file, String name) {
    return (SignPlanes) coded(file, name).code();
  }

  private static TensorView replaced(DeltaFile file, String name) {
    if (file.tensors().get(name) instanceof DeltaTensor.Replaced(TensorView value)) {
      return value;
    }
    throw new AssertionError(name + " is not replaced");
  }

  private static float[] decoded(TensorView base, SignPlanes planes) {
    float[] values = base.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += planes.value(i / planes.columns(), i % planes.columns());
    }
    return values;
  }

  private static double relativeError(DeltaFile file, String name) {
    float[] base = tensor(Models.base(), name).toFloats();
    float[] tuned = tensor(Models.tuned(), name).toFloats();
    float[] decoded = decoded(tensor(Models.base(), name), planes(file, name));
    return distance(decoded, tuned) / distance(base, tuned);
  }

  /** Root of the mean squared difference. */
  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }
}

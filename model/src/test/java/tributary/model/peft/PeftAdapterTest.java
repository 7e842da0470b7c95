package tributary.model.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.TinyFamilies;
import tributary.model.generate.Verification;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsWriter;

/** Adapters against checkpoints that were merged by hand. */
class PeftAdapterTest {
  private static final int RANK = 3;
  private static final int[] TOKENS = {1, 17, 30, 4, 22, 5};
  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String DOWN = "model.layers.1.mlp.down_proj";

  @TempDir Path directory;

  private final SplittableRandom random = new SplittableRandom(8);
  private final SequencedMap<String, TensorView> adapter = new TreeMap<>();
  private Backend backend;
  private Path base;
  private SequencedMap<String, TensorView> merged;

  @BeforeEach
  void writeBase() {
    backend = Backends.open(BackendChoice.VECTOR, 2);
    base = TinyFamilies.QWEN3.write(directory.resolve("base"), 1);
    merged = TinyFamilies.tensors(ModelConfig.read(base), 1);
  }

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  @Test
  void the_reference_adapter_agrees_with_peft() {
    for (BackendChoice choice : List.of(BackendChoice.SCALAR, BackendChoice.VECTOR)) {
      try (Backend each = Backends.open(choice, 2)) {
        Verification.Result result =
            Verification.run(Golden.directory("llama-lora"), Golden.directory("llama"), each);
        assertThat(result.pass()).as(each.name()).isTrue();
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      value = {
        "\"lora_alpha\": 6@2@2",
        "\"lora_alpha\": 6, \"use_rslora\": true@3.4641016@3.4641016",
        "\"lora_alpha\": 6, \"alpha_pattern\": {\"layers.0.self_attn.q_proj\": 1.5}@0.5@2",
        "\"lora_alpha\": 6, \"alpha_pattern\": {\"^q_proj$\": 9, \"down_proj\": 3}@2@1"
      })
  void scales_are_what_the_configuration_says(String settings, float query, float down)
      throws IOException {
    lora(QUERY, RANK, query);
    lora(DOWN, RANK, down);
    assertComputesAsMerged(write("\"r\": 3, " + settings));
  }

  @Test
  void ranks_may_differ_by_module() throws IOException {
    lora(QUERY, RANK, 2);
    lora(DOWN, 1, 6);
    assertComputesAsMerged(
        write("\"r\": 3, \"lora_alpha\": 6, \"rank_pattern\": {\"down_proj\": 1}"));
  }

  @Test
  void with_dora_each_row_has_a_length_of_its_own() throws IOException {
    float[] weight = lora(QUERY, RANK, 2);
    int rows = rows(QUERY);
    int columns = weight.length / rows;
    float[] magnitudes = new float[rows];
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int c = 0; c < columns; c++) {
        squares += weight[row * columns + c] * weight[row * columns + c];
      }
      magnitudes[row] = 0.5f + random.nextFloat();
      for (int c = 0; c < columns; c++) {
        weight[row * columns + c] *= (float) (magnitudes[row] / Math.sqrt(squares));
      }
    }
    merged.put(QUERY + ".weight", TensorView.of(Shape.of(rows, columns), weight));
    put(QUERY + ".lora_magnitude_vector", TensorView.of(Shape.of(rows), magnitudes));
    assertComputesAsMerged(write("\"r\": 3, \"lora_alpha\": 6, \"use_dora\": true"));
  }

  @Test
  void whole_modules_and_embeddings_come_with_it() throws IOException {
    TensorView norm = values(20);
    put("model.norm.weight", norm);
    merged.put("model.norm.weight", norm);
    TensorView head = merged("lm_head.weight");
    TensorView changed = matrix(37, 20);
    put("lm_head.weight", changed);
    merged.put("lm_head.weight", changed);
    assertThat(head.shape()).isEqualTo(changed.shape());
    TensorView down = matrix(RANK, 37);
    TensorView up = matrix(20, RANK);
    put("model.embed_tokens.lora_embedding_A", down);
    put("model.embed_tokens.lora_embedding_B", up);
    float[] embeddings = merged("model.embed_tokens.weight").toFloats();
    for (int token = 0; token < 37; token++) {
      for (int c = 0; c < 20; c++) {
        for (int k = 0; k < RANK; k++) {
          embeddings[token * 20 + c] +=
              2 * up.getFloat(c * RANK + k) * down.getFloat(k * 37L + token);
        }
      }
    }
    merged.put("model.embed_tokens.weight", TensorView.of(Shape.of(37, 20), embeddings));
    assertComputesAsMerged(write("\"r\": 3, \"lora_alpha\": 6"));
  }

  @Test
  void embeddings_of_an_adapter_leave_a_tied_head_as_it_is() throws IOException {
    base = TinyFamilies.QWEN2.write(directory.resolve("tied"), 1);
    put("model.embed_tokens.lora_embedding_A", matrix(RANK, 37));
    put("model.embed_tokens.lora_embedding_B", matrix(24, RANK));
    Path path = write("\"r\": 3, \"lora_alpha\": 6");
    try (BaseModel model = BaseModel.load(base, backend);
        PeftAdapter opened =
            PeftAdapter.open(path, Families.network(model.config()), model.tensors())) {
      assertThat(opened.tensors()).containsOnlyKeys("model.embed_tokens.weight", "lm_head.weight");
    }
  }

  /** An adapter beside a full delta and the base, in one batch. */
  @Test
  void rows_of_a_mixed_batch_are_what_each_is_alone() throws IOException {
    lora(QUERY, RANK, 2);
    Path path = write("\"r\": 3, \"lora_alpha\": 6");
    try (BaseModel model = BaseModel.load(base, backend);
        ResidentDelta lora = ResidentDelta.load(path, model);
        ResidentDelta full =
            ResidentDelta.of(HandMadeDeltas.random(model.tensors(), 3, 2, 0), model)) {
      List<ResidentDelta> tenants = List.of(lora, ResidentDelta.none(), full);
      List<StepBatch.Slice> slices = new ArrayList<>();
      for (int i = 0; i < tenants.size(); i++) {
        slices.add(new StepBatch.Slice(tenants.get(i), TOKENS, 0, new int[] {i}, LogitRows.LAST));
      }
      List<float[]> together = logits(model, new StepBatch(slices));
      for (int i = 0; i < tenants.size(); i++) {
        assertThat(together.get(i))
            .isEqualTo(logits(model, new StepBatch(List.of(slices.get(i)))).getFirst());
      }
      assertThat(together.get(0)).isNotEqualTo(together.get(1));
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      value = {
        "\"peft_type\": \"IA3\"@peft_type",
        "\"fan_in_fan_out\": true@fan_in_fan_out",
        "\"init_lora_weights\": \"pissa_niter_4\"@init_lora_weights",
        "\"layer_replication\": [[0, 1]]@layer_replication",
        "\"rank_pattern\": {\"(a+)+b\": 3}@rank_pattern",
        "\"r\": 0@r is '0'",
        "\"lora_alpha\": \"x\"@lora_alpha"
      })
  void what_is_not_computed_is_refused_by_name(String settings, String named) throws IOException {
    lora(QUERY, RANK, 2);
    assertRefused(write(settings), ErrorCode.MODEL_CONFIG, named);
  }

  @Test
  void factors_that_do_not_fit_are_refused_by_name() throws IOException {
    put(QUERY + ".lora_A.weight", matrix(RANK, 20));
    assertRefused(write("\"r\": 3"), ErrorCode.MISSING_TENSOR, QUERY);
    put(QUERY + ".lora_B.weight", matrix(7, RANK));
    assertRefused(write("\"r\": 3"), ErrorCode.TENSOR_SHAPE, QUERY);
    put(QUERY + ".lora_B.weight", matrix(rows(QUERY), RANK));
    assertRefused(write("\"r\": 4"), ErrorCode.TENSOR_SHAPE, "rank 4");
    put("model.layers.9.q.lora_A.weight", matrix(RANK, 20));
    put("model.layers.9.q.lora_B.weight", matrix(20, RANK));
    assertRefused(write("\"r\": 3"), ErrorCode.DELTA_FORMAT, "model.layers.9.q");
  }

  @Test
  void pickled_weights_are_refused_with_the_reason() throws IOException {
    Path path = write("\"r\": 3");
    Files.move(path.resolve("adapter_model.safetensors"), path.resolve("adapter_model.bin"));
    assertRefused(path, ErrorCode.CHECKPOINT_UNSAFE_FORMAT, "can run code");
  }

  private void assertRefused(Path path, ErrorCode code, String named) {
    try (BaseModel model = BaseModel.load(base, backend)) {
      assertThatThrownBy(() -> ResidentDelta.load(path, model))
          .isInstanceOfSatisfying(
              TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
          .hasMessageContaining(named);
    }
  }

  private void assertComputesAsMerged(Path path) throws IOException {
    Path whole = Files.createDirectories(directory.resolve("merged"));
    Files.copy(base.resolve("config.json"), whole.resolve("config.json"));
    SafetensorsWriter.write(whole.resolve("model.safetensors"), Map.of(), merged);
    try (BaseModel model = BaseModel.load(base, backend);
        BaseModel dense = BaseModel.load(whole, backend);
        ResidentDelta delta = ResidentDelta.load(path, model)) {
      float[] found = logits(model, slice(delta)).getFirst();
      float[] wanted = logits(dense, slice(ResidentDelta.none())).getFirst();
      assertThat(found).containsExactly(wanted, within(1e-4f));
      assertThat(found).isNotEqualTo(logits(model, slice(ResidentDelta.none())).getFirst());
    }
  }

  private static StepBatch slice(ResidentDelta delta) {
    return new StepBatch(
        List.of(new StepBatch.Slice(delta, TOKENS, 0, new int[] {0}, LogitRows.LAST)));
  }

  private static List<float[]> logits(BaseModel model, StepBatch batch) {
    List<float[]> rows = new ArrayList<>();
    try (ForwardPass pass = ForwardPass.create(model, 4, 8)) {
      pass.run(batch, (_, _, logits) -> rows.add(logits.clone()));
    }
    return rows;
  }

  /** Adds an adapter of one module, and to the merged weights what it does. */
  private float[] lora(String module, int rank, float scale) {
    TensorView before = merged(module + ".weight");
    int rows = rows(module);
    int columns = Math.toIntExact(before.shape().dimension(1));
    TensorView down = matrix(rank, columns);
    TensorView up = matrix(rows, rank);
    put(module + ".lora_A.weight", down);
    put(module + ".lora_B.weight", up);
    float[] weight = before.toFloats();
    for (int i = 0; i < weight.length; i++) {
      for (int k = 0; k < rank; k++) {
        weight[i] +=
            scale
                * up.getFloat((long) i / columns * rank + k)
                * down.getFloat((long) k * columns + i % columns);
      }
    }
    merged.put(module + ".weight", TensorView.of(before.shape(), weight));
    return weight;
  }

  private TensorView merged(String name) {
    return Objects.requireNonNull(merged.get(name));
  }

  private int rows(String module) {
    return Math.toIntExact(merged(module + ".weight").shape().dimension(0));
  }

  private TensorView matrix(int rows, int columns) {
    return TensorView.of(Shape.of(rows, columns), values(rows * columns).toFloats());
  }

  private TensorView values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian(0, 0.3);
    }
    return TensorView.of(Shape.of(count), values);
  }

  private void put(String key, TensorView value) {
    adapter.put("base_model.model." + key, value);
  }

  private Path write(String settings) throws IOException {
    Path path = Files.createDirectories(directory.resolve("adapter"));
    Files.writeString(path.resolve("adapter_config.json"), "{" + settings + "}");
    SafetensorsWriter.write(path.resolve("adapter_model.safetensors"), Map.of(), adapter);
    return path;
  }
}

package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;

class BaseModelTest {
  private static final String NORM = "model.norm.weight";

  @TempDir Path directory;

  /** Writes a changed copy of a reference checkpoint, and loads it. */
  private ErrorCode refusal(Consumer<Map<String, TensorView>> change, String named)
      throws Exception {
    write("llama", change);
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      ErrorCode[] code = new ErrorCode[1];
      assertThatThrownBy(() -> BaseModel.load(directory, backend).close())
          .isInstanceOfSatisfying(TributaryException.class, fault -> code[0] = fault.code())
          .hasMessageContaining(named);
      return code[0];
    }
  }

  private void write(String name, Consumer<Map<String, TensorView>> change) throws Exception {
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory(name))) {
      checkpoint.names().forEach(tensor -> tensors.put(tensor, checkpoint.tensor(tensor)));
      change.accept(tensors);
      SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), tensors);
    }
    Files.copy(Golden.directory(name).resolve("config.json"), directory.resolve("config.json"));
  }

  @Test
  void a_missing_tensor_is_named_with_its_shape() throws Exception {
    assertThat(refusal(tensors -> tensors.remove(NORM), NORM + " of shape [64]"))
        .isEqualTo(ErrorCode.MISSING_TENSOR);
  }

  @Test
  void a_wrong_shape_is_named_with_what_was_wanted() throws Exception {
    TensorView wrong = TensorView.of(Shape.of(32), new float[32]);
    assertThat(
            refusal(
                tensors -> tensors.put(NORM, wrong),
                NORM + " has shape [32]; config.json asks for [64]"))
        .isEqualTo(ErrorCode.TENSOR_SHAPE);
  }

  @Test
  void a_type_that_is_no_weight_is_refused() throws Exception {
    TensorView whole =
        new TensorView(
            DType.I32, Shape.of(64), java.lang.foreign.MemorySegment.ofArray(new int[64]));
    assertThat(refusal(tensors -> tensors.put(NORM, whole), NORM + " is of type I32"))
        .isEqualTo(ErrorCode.SAFETENSORS_DTYPE);
  }

  @Test
  void a_tensor_that_would_be_ignored_silently_is_refused() throws Exception {
    String bias = "model.layers.0.self_attn.q_proj.bias";
    TensorView values = TensorView.of(Shape.of(64), new float[64]);
    assertThat(refusal(tensors -> tensors.put(bias, values), bias))
        .isEqualTo(ErrorCode.MODEL_CONFIG);
  }

  @Test
  void what_old_checkpoints_carry_along_is_passed_over() throws Exception {
    write(
        "llama-tied-rope3",
        tensors -> {
          tensors.put(
              "model.layers.0.self_attn.rotary_emb.inv_freq",
              TensorView.of(Shape.of(8), new float[8]));
          tensors.put("lm_head.weight", tensors.get("model.embed_tokens.weight"));
        });
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(directory, backend)) {
      assertThat(model.config().tiedEmbeddings()).isTrue();
      assertThat(model.fingerprint()).hasSize(64);
    }
  }
}

package tributary.model.gradient;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.model.ModelConfig;
import tributary.model.llama.Llama;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.container.TensorSource;

/**
 * A model of the Llama family as fp32 arrays by parameter name, row-major. The arrays are shared
 * with whoever made it and may be changed between passes.
 *
 * <p>Without {@code lm_head.weight} the embeddings are the head. A linear layer has a bias where
 * there is one.
 */
public final class DenseModel {
  static final String EMBEDDINGS = "model.embed_tokens.weight";
  static final String NORM = "model.norm.weight";
  private static final String HEAD = "lm_head.weight";
  private static final List<String> LINEARS =
      List.of(
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.o_proj",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj");

  private final ModelConfig config;
  private final Map<String, float[]> parameters;

  private DenseModel(ModelConfig config, Map<String, float[]> parameters) {
    this.config = config;
    this.parameters = parameters;
  }

  /** A model of these parameters. */
  public static DenseModel of(ModelConfig config, Map<String, float[]> parameters) {
    if (!config.architecture().equals(Llama.ARCHITECTURE)) {
      throw new TributaryException(
          ErrorCode.UNKNOWN_ARCHITECTURE,
          "gradients of architecture %s are unknown; this build has those of %s"
              .formatted(Quoted.of(config.architecture()), Llama.ARCHITECTURE));
    }
    return new DenseModel(config, Map.copyOf(parameters));
  }

  /** Widens every tensor of a checkpoint: memory for one copy of the model in fp32. */
  public static DenseModel load(ModelConfig config, TensorSource tensors) {
    Map<String, float[]> parameters = new HashMap<>();
    for (String name : tensors.names()) {
      parameters.put(name, tensors.tensor(name).toFloats());
    }
    return of(config, parameters);
  }

  public ModelConfig config() {
    return config;
  }

  /** Names of the weights of all blocks' linear layers, in the order of the network. */
  public List<String> linears() {
    List<String> names = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      for (String linear : LINEARS) {
        names.add(prefix(layer) + linear + ".weight");
      }
    }
    return names;
  }

  /** Tokens that the model knows: rows of its embeddings. */
  public int vocabulary() {
    return rows(EMBEDDINGS, config.hiddenSize());
  }

  static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  /** The parameter, [length]. */
  float[] vector(String name, int length) {
    float[] values = required(name);
    requireSize(name, values, length);
    return values;
  }

  /** The parameter, or null when the model has none of this name. */
  float @Nullable [] vectorIfAny(String name, int length) {
    return parameters.containsKey(name) ? vector(name, length) : null;
  }

  /** The parameter, [rows, columns]. */
  float[] matrix(String name, int rows, int columns) {
    return vector(name, Math.multiplyExact(rows, columns));
  }

  /** The output head, [vocabulary, hidden]. */
  float[] head() {
    String name = parameters.containsKey(HEAD) ? HEAD : EMBEDDINGS;
    return matrix(name, vocabulary(), config.hiddenSize());
  }

  private int rows(String name, int columns) {
    float[] values = required(name);
    requireSize(name, values, values.length / columns * columns);
    return values.length / columns;
  }

  private float[] required(String name) {
    float[] values = parameters.get(name);
    if (values == null) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR,
          "tensor %s is not in the model; its configuration asks for it".formatted(name));
    }
    return values;
  }

  private static void requireSize(String name, float[] values, int wanted) {
    if (values.length != wanted) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "tensor %s has %d elements; the model's configuration asks for %d"
              .formatted(name, values.length, wanted));
    }
  }
}

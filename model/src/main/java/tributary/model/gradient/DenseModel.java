package tributary.model.gradient;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.decoder.Decoder;
import tributary.model.network.Parameter;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.container.TensorSource;

/**
 * A decoder's parameters by name, as fp32 arrays or as tensors that lie in a checkpoint. Arrays are
 * shared with whoever made it and may be changed between passes.
 *
 * <p>Without a head of its own the embeddings are the head. A linear layer has a bias where there
 * is one.
 */
public final class DenseModel {
  private final ModelConfig config;
  private final Decoder network;
  private final Map<String, Values> parameters;

  private DenseModel(ModelConfig config, Decoder network, Map<String, Values> parameters) {
    this.config = config;
    this.network = network;
    this.parameters = parameters;
  }

  /** A model of these parameters. */
  public static DenseModel of(ModelConfig config, Map<String, float[]> parameters) {
    Map<String, Values> values = new HashMap<>();
    parameters.forEach((name, array) -> values.put(name, new Values.Held(array)));
    return ofValues(config, values);
  }

  private static DenseModel ofValues(ModelConfig config, Map<String, Values> parameters) {
    if (!(Families.network(config) instanceof Decoder network)) {
      throw new TributaryException(
          ErrorCode.UNKNOWN_ARCHITECTURE,
          "gradients of architecture %s are unknown: it is not made of the common blocks"
              .formatted(Quoted.of(config.architecture())));
    }
    return new DenseModel(config, network, Map.copyOf(parameters));
  }

  /** Of a checkpoint, which stays open as long as this is used: nothing of it is copied. */
  public static DenseModel load(ModelConfig config, TensorSource tensors) {
    Map<String, Values> parameters = new HashMap<>();
    for (String name : tensors.names()) {
      parameters.put(name, new Values.Lying(tensors.tensor(name)));
    }
    return ofValues(config, parameters);
  }

  public ModelConfig config() {
    return config;
  }

  Decoder network() {
    return network;
  }

  /** Names of the weights of all blocks' linear layers, in the order of the network. */
  public List<String> linears() {
    return network.stages().stream()
        .flatMap(stage -> stage.projections().stream())
        .map(projection -> projection.weight().name())
        .toList();
  }

  /** Tokens that the model knows: rows of its embeddings. */
  public int vocabulary() {
    Parameter.Matrix embeddings = network.embedding();
    Values values = required(embeddings.name());
    int rows = values.length() / embeddings.columns();
    requireSize(embeddings.name(), values, rows * embeddings.columns());
    return rows;
  }

  /** The vector as checkpoints hold it. */
  float[] vector(Parameter.Vector vector) {
    Values values = required(vector.name());
    requireSize(vector.name(), values, vector.length());
    return values.all();
  }

  /** The vector, or null when the model has none of this name. */
  float @Nullable [] vectorIfAny(Parameter.Vector vector) {
    return parameters.containsKey(vector.name()) ? vector(vector) : null;
  }

  /** The matrix, [rows, columns]. */
  Values matrix(Parameter.Matrix matrix) {
    Values values = required(matrix.name());
    requireSize(matrix.name(), values, Math.multiplyExact(matrix.rows(), matrix.columns()));
    return values;
  }

  /** The embeddings, [vocabulary, hidden]. */
  Values embeddings() {
    vocabulary();
    return required(network.embedding().name());
  }

  /** The output head, [vocabulary, hidden]. */
  Values head() {
    String own = network.head().name();
    String name = parameters.containsKey(own) ? own : network.embedding().name();
    Values values = required(name);
    requireSize(name, values, Math.multiplyExact(vocabulary(), config.hiddenSize()));
    return values;
  }

  private Values required(String name) {
    Values values = parameters.get(name);
    if (values == null) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR,
          "tensor %s is not in the model; its configuration asks for it".formatted(name));
    }
    return values;
  }

  private static void requireSize(String name, Values values, int wanted) {
    if (values.length() != wanted) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "tensor %s has %d elements; the model's configuration asks for %d"
              .formatted(name, values.length(), wanted));
    }
  }
}

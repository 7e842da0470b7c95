package tributary.model;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Backend;
import tributary.model.network.Network;
import tributary.model.network.Weights;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.TensorSource;

/** A whole model in a backend's memory: the base of all tenants, or a fine-tune on its own. */
public final class BaseModel implements AutoCloseable {
  private final ModelConfig config;
  private final Network network;
  private final Backend backend;
  private final TensorSource tensors;
  private final Weights weights;
  private @Nullable String fingerprint;

  private BaseModel(
      ModelConfig config, Network network, Backend backend, TensorSource tensors, Weights weights) {
    this.config = config;
    this.network = network;
    this.backend = backend;
    this.tensors = tensors;
    this.weights = weights;
  }

  /** Opens the directory's checkpoint, checks every tensor's presence and shape, and loads it. */
  public static BaseModel load(Path directory, Backend backend) {
    ModelConfig config = ModelConfig.read(directory);
    return of(config, Checkpoint.open(directory), backend);
  }

  /** Checks and loads tensors from anywhere, and owns them from now on. */
  public static BaseModel of(ModelConfig config, TensorSource tensors, Backend backend) {
    try {
      Network network = Families.network(config);
      Weights weights = Weights.load(network, tensors, backend);
      return new BaseModel(config, network, backend, tensors, weights);
    } catch (RuntimeException | Error e) {
      tensors.close();
      throw e;
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** See {@link Fingerprint}; computed at the first call. */
  public synchronized String fingerprint() {
    if (fingerprint == null) {
      fingerprint = Fingerprint.of(tensors);
    }
    return fingerprint;
  }

  /** The tensors that this model was loaded from; they live as long as it does. */
  public TensorSource tensors() {
    return tensors;
  }

  Network network() {
    return network;
  }

  Backend backend() {
    return backend;
  }

  Weights weights() {
    return weights;
  }

  /** Must not be called while a forward pass or a resident delta uses it. */
  @Override
  public void close() {
    weights.close();
    tensors.close();
  }
}

package tributary.model;

import java.nio.file.Path;
import tributary.gpu.Backend;
import tributary.model.network.Network;
import tributary.model.network.Weights;
import tributary.tensor.container.Checkpoint;

/** A whole model in a backend's memory: the base of all tenants, or a fine-tune on its own. */
public final class BaseModel implements AutoCloseable {
  private final ModelConfig config;
  private final Network network;
  private final Backend backend;
  private final Checkpoint checkpoint;
  private final Weights weights;

  private BaseModel(
      ModelConfig config,
      Network network,
      Backend backend,
      Checkpoint checkpoint,
      Weights weights) {
    this.config = config;
    this.network = network;
    this.backend = backend;
    this.checkpoint = checkpoint;
    this.weights = weights;
  }

  /** Opens the directory's checkpoint, checks every tensor's presence and shape, and loads it. */
  public static BaseModel load(Path directory, Backend backend) {
    ModelConfig config = ModelConfig.read(directory);
    Network network = Families.network(config);
    Checkpoint checkpoint = Checkpoint.open(directory);
    try {
      Weights weights = Weights.load(network, checkpoint, backend);
      return new BaseModel(config, network, backend, checkpoint, weights);
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** See {@link Checkpoint#fingerprint()}; computed at the first call. */
  public String fingerprint() {
    return checkpoint.fingerprint();
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
    checkpoint.close();
  }
}

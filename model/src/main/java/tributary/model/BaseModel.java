package tributary.model;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.StepCompiler;
import tributary.model.network.Network;
import tributary.model.network.StepRecording;
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
  private final @Nullable CompiledModel compiled;
  private @Nullable String fingerprint;

  /** Where a model's values are. */
  private record Loaded(TensorSource tensors, Weights weights, @Nullable CompiledModel compiled) {}

  private BaseModel(ModelConfig config, Network network, Backend backend, Loaded loaded) {
    this.config = config;
    this.network = network;
    this.backend = backend;
    this.tensors = loaded.tensors;
    this.weights = loaded.weights;
    this.compiled = loaded.compiled;
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
      CompiledModel compiled =
          backend.compiler().map(device -> compile(config, network, weights, device)).orElse(null);
      return new BaseModel(config, network, backend, new Loaded(tensors, weights, compiled));
    } catch (RuntimeException | Error e) {
      tensors.close();
      throw e;
    }
  }

  private static CompiledModel compile(
      ModelConfig config, Network network, Weights weights, StepCompiler device) {
    KvShape page = ForwardPass.kvShape(config, 1, 1);
    return device.compile(StepRecording.of(network, page), weights, page);
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

  /** Null where kernels run one by one. */
  @Nullable CompiledModel compiled() {
    return compiled;
  }

  Weights weights() {
    return weights;
  }

  /** Loads everything again after a step failed with {@code device_failed}; caches are lost. */
  public void restart() {
    if (compiled != null) {
      compiled.restart();
    }
  }

  /** Must not be called while a forward pass or a resident delta uses it. */
  @Override
  public void close() {
    if (compiled != null) {
      compiled.close();
    }
    weights.close();
    tensors.close();
  }
}

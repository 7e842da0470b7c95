package tributary.actors;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import tributary.config.ServerConfig;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TributaryException;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.StepExecutor;

/** The engine of a serving node: a base on a backend, and the delta files of the configuration. */
final class ModelEngine implements Engine {
  private final Backend backend;
  private final BaseModel base;
  private final ForwardPass pass;
  private final FileDeltaStore deltas;
  private final SchedulerLimits limits;
  private final AtomicReference<Catalogue> catalogue = new AtomicReference<>(Catalogue.NONE);

  private ModelEngine(
      Backend backend,
      BaseModel base,
      ForwardPass pass,
      FileDeltaStore deltas,
      SchedulerLimits limits) {
    this.backend = backend;
    this.base = base;
    this.pass = pass;
    this.deltas = deltas;
    this.limits = limits;
  }

  /** Opens the backend, loads the base and takes the KV memory. */
  static ModelEngine open(ServerConfig config) {
    Backend backend = Backends.open(choice(config.device().backend()), config.device().threads());
    try {
      return open(config, backend);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  private static ModelEngine open(ServerConfig config, Backend backend) {
    BaseModel base = BaseModel.load(config.base().path(), backend);
    try {
      SchedulerLimits limits = limits(config, base.config(), backend);
      var pass = ForwardPass.create(base, limits.kvPages(), limits.pageTokens());
      try {
        WarmUp.run(pass, limits, config.device().warmUp());
        return new ModelEngine(backend, base, pass, deltas(config, base), limits);
      } catch (RuntimeException | Error e) {
        pass.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      base.close();
      throw e;
    }
  }

  private static FileDeltaStore deltas(ServerConfig config, BaseModel base) {
    var files =
        config.models().stream()
            .collect(Collectors.toMap(ServerConfig.Model::name, ServerConfig.Model::delta));
    return new FileDeltaStore(
        base,
        config.base().name(),
        files,
        artifacts(config).orElse(null),
        config.deltas().warmMemory());
  }

  ModelConfig model() {
    return base.config();
  }

  /** Tells which tokenizers the variants have; before the executor's first step. */
  void serves(Catalogue variants) {
    catalogue.set(variants);
  }

  @Override
  public DeltaStore deltas() {
    return deltas;
  }

  @Override
  public SchedulerLimits limits() {
    return limits;
  }

  @Override
  public StepExecutor executor(Function<RequestId, LoadedDelta> deltaOf) {
    return new ModelStepExecutor(
        pass,
        deltaOf.andThen(deltas::resident),
        id -> catalogue.get().find(id).map(ServedModel::tokenizer));
  }

  @Override
  public Optional<Refusal> refusal(GenerationRequest request) {
    return !request.reading().wantsState() || pass.tellsStates()
        ? Optional.empty()
        : Optional.of(
            Refusal.of(
                ErrorCode.UNSUPPORTED_PARAMETER,
                "this device compiles its steps and brings no states back, so it has no"
                    + " embeddings; set tributary.device.backend = cpu"));
  }

  @Override
  public boolean restart(RuntimeException failure) {
    boolean lost =
        failure instanceof TributaryException known && known.code() == ErrorCode.DEVICE_FAILED;
    if (lost) {
      base.restart();
    }
    return lost;
  }

  @Override
  public void close() {
    deltas.close();
    pass.close();
    base.close();
    backend.close();
  }

  /** The store of registered variants, where there is one. */
  static Optional<ArtifactStore> artifacts(ServerConfig config) {
    ServerConfig.Deltas deltas = config.deltas();
    var limits = new ArtifactStore.Limits(deltas.storeMax(), deltas.storeGrace());
    return deltas
        .store()
        .map(directory -> ArtifactStore.open(directory, config.base().path(), limits));
  }

  private static BackendChoice choice(ServerConfig.Device.Backend configured) {
    return switch (configured) {
      case AUTO -> BackendChoice.AUTO;
      case CUDA -> BackendChoice.CUDA;
      case CPU -> BackendChoice.CPU;
      case SCALAR -> BackendChoice.SCALAR;
      case VECTOR -> BackendChoice.VECTOR;
    };
  }

  private static SchedulerLimits limits(ServerConfig config, ModelConfig model, Backend backend) {
    ServerConfig.Device device = config.device();
    long pageBytes = backend.pageBytes(ForwardPass.kvShape(model, 1, device.pageTokens())).count();
    long pages = device.kvMemory().count() / pageBytes;
    if (pages < 1) {
      throw new TributaryException(
          ErrorCode.CONFIG,
          "tributary.device.kv-memory is %d bytes; one page of %d tokens takes %d: raise it"
              .formatted(device.kvMemory().count(), device.pageTokens(), pageBytes),
          "tributary.device.kv-memory");
    }
    return new SchedulerLimits(
        device.tokensPerStep(),
        device.runningMax(),
        device.waitingMax(),
        (int) Math.min(pages, Integer.MAX_VALUE),
        device.pageTokens(),
        model.contextLength(),
        new Nanos(config.streaming().slowReaderMax().toNanos()));
  }
}

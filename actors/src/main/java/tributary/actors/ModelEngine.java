package tributary.actors;

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
import tributary.protocol.Nanos;
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
      SchedulerLimits limits = limits(config, base.config());
      var files =
          config.models().stream()
              .collect(Collectors.toMap(ServerConfig.Model::name, ServerConfig.Model::delta));
      return new ModelEngine(
          backend,
          base,
          ForwardPass.create(base, limits.kvPages(), limits.pageTokens()),
          new FileDeltaStore(base, config.base().name(), files),
          limits);
    } catch (RuntimeException | Error e) {
      base.close();
      throw e;
    }
  }

  ModelConfig model() {
    return base.config();
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
    return new ModelStepExecutor(pass, deltaOf.andThen(deltas::resident));
  }

  @Override
  public void close() {
    deltas.close();
    pass.close();
    base.close();
    backend.close();
  }

  private static BackendChoice choice(ServerConfig.Device.Backend configured) {
    return switch (configured) {
      case AUTO -> BackendChoice.AUTO;
      case SCALAR -> BackendChoice.SCALAR;
      case VECTOR -> BackendChoice.VECTOR;
    };
  }

  private static SchedulerLimits limits(ServerConfig config, ModelConfig model) {
    ServerConfig.Device device = config.device();
    long pageBytes = ForwardPass.kvShape(model, 1, device.pageTokens()).pageBytes().count();
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

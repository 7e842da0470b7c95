package tributary.model.bench;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledTenant;
import tributary.gpu.program.StepCompiler;
import tributary.model.network.Differences;
import tributary.model.network.Network;
import tributary.model.network.StepRecording;
import tributary.model.network.Weights;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor;

/**
 * A random base on a device that compiles steps, and random tenants of it: weights and signs are
 * made on the device, other codes on the host.
 *
 * @param code of each tenant's difference, over all matrices but embeddings and head
 */
record CompiledVariants(Network network, KvShape cache, int tenants, RandomCode code) {
  /**
   * Measures them, and gives everything back.
   *
   * @throws TributaryException {@code config} when the backend does not compile steps
   */
  <R> R measure(Backend backend, BiFunction<CompiledSteps, List<CompiledTenant>, R> measurement) {
    StepCompiler compiler = compiler(backend);
    List<CompiledTenant> opened = new ArrayList<>();
    try (Arena memory = Arena.ofShared();
        Weights weights = Weights.random(network, compiler);
        CompiledModel model = compiler.compile(StepRecording.of(network, cache), weights, cache)) {
      try (CompiledSteps steps = model.steps(cache)) {
        Supplier<Differences> next = differences(backend, compiler, model, memory);
        for (int i = 0; i < tenants; i++) {
          opened.add(next.get().compiled());
        }
        return measurement.apply(steps, opened);
      } finally {
        opened.forEach(CompiledTenant::close);
      }
    }
  }

  /**
   * @throws TributaryException {@code config} when the backend does not compile steps
   */
  static StepCompiler compiler(Backend backend) {
    return backend
        .compiler()
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.CONFIG, "the backend " + backend.name() + " compiles no steps"));
  }

  private Supplier<Differences> differences(
      Backend backend, StepCompiler compiler, CompiledModel model, Arena memory) {
    if (code.kind() == RandomCode.Kind.SIGN_PLANES) {
      return () -> Differences.random(network, compiler, model, code.size());
    }
    Map<String, DeltaTensor> tensors = code.differences(network, memory);
    return () -> Differences.load(network, tensors, new Differences.Target(backend, model));
  }
}

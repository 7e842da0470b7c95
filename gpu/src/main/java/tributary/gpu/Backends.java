package tributary.gpu;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.gpu.scalar.ScalarBackend;
import tributary.gpu.vector.VectorBackend;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Opens the backend that was chosen, or the fastest that works here, and says why. */
public final class Backends {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String NO_CUDA = "cuda: not part of this build yet";

  private Backends() {}

  /**
   * Opens a backend; the caller closes it.
   *
   * @param threads that compute, the caller's included; for backends that use several
   * @throws TributaryException {@code config} when the wanted backend does not work here
   */
  public static Backend open(BackendChoice choice, int threads) {
    if (threads < 1) {
      throw new TributaryException(
          ErrorCode.CONFIG, "backend threads are " + threads + "; at least 1 is needed");
    }
    Backend backend =
        switch (choice) {
          case AUTO ->
              vectorRefusal()
                  .<Backend>map(refusal -> ScalarBackend.create(refusal + "; " + NO_CUDA))
                  .orElseGet(() -> VectorBackend.create(threads, NO_CUDA));
          case SCALAR -> ScalarBackend.create("as configured");
          case VECTOR -> {
            vectorRefusal()
                .ifPresent(refusal -> {
                  throw new TributaryException(ErrorCode.CONFIG, refusal);
                });
            yield VectorBackend.create(threads, "as configured");
          }
        };
    LOG.info("backend {}", backend.description());
    return backend;
  }

  /** Why the vector backend cannot be used here, if it cannot. */
  private static Optional<String> vectorRefusal() {
    if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
      return Optional.of(
          "vector: the Vector API is not in this process; start Java with --add-modules "
              + VECTOR_MODULE);
    }
    return VectorBackend.refusal().map(refusal -> "vector: " + refusal);
  }
}

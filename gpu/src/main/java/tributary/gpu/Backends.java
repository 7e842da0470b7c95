package tributary.gpu;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.gpu.cuda.CudaBackend;
import tributary.gpu.scalar.ScalarBackend;
import tributary.gpu.vector.VectorBackend;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Opens the backend that was chosen, or the fastest that works here, and says why. */
public final class Backends {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

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
          case AUTO -> auto(threads);
          case CUDA -> cuda(threads);
          case CPU -> host(threads, "as configured");
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

  private static Backend auto(int threads) {
    Backend host = host(threads, "beside a device");
    return switch (CudaBackend.open(host)) {
      case CudaBackend.Opening.Opened(var backend) -> backend;
      case CudaBackend.Opening.Off(var reason) -> {
        host.close();
        yield host(threads, "cuda is off: " + reason);
      }
    };
  }

  private static Backend cuda(int threads) {
    Backend host = host(threads, "beside a device");
    return switch (CudaBackend.open(host)) {
      case CudaBackend.Opening.Opened(var backend) -> backend;
      case CudaBackend.Opening.Off(var reason) -> {
        host.close();
        throw new TributaryException(ErrorCode.CONFIG, "cuda is off: " + reason);
      }
    };
  }

  /** The fastest on the host's processors. */
  private static Backend host(int threads, String reason) {
    return vectorRefusal()
        .<Backend>map(refusal -> ScalarBackend.create(refusal + "; " + reason))
        .orElseGet(() -> VectorBackend.create(threads, reason));
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

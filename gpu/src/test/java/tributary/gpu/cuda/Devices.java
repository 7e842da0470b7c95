package tributary.gpu.cuda;

import org.junit.jupiter.api.Assumptions;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;

/** The device of a test; where there is none the test is reported as skipped, with the reason. */
public final class Devices {
  private Devices() {}

  /** Opens the device; the caller closes it. */
  public static Backend open() {
    Backend host = Backends.open(BackendChoice.SCALAR, 1);
    return switch (CudaBackend.open(host)) {
      case CudaBackend.Opening.Opened(var backend) -> backend;
      case CudaBackend.Opening.Off(var reason) ->
          Assumptions.abort("no CUDA device to test on: " + reason);
    };
  }
}

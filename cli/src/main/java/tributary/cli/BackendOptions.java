package tributary.cli;

import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;

/** Where a command computes. */
final class BackendOptions {
  @Option(
      names = "--backend",
      defaultValue = "auto",
      paramLabel = "NAME",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}, the fastest here).")
  private BackendChoice backend = BackendChoice.AUTO;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Threads that compute; 0 is one per core (default: ${DEFAULT-VALUE}).")
  private int threads;

  /** Opens the backend; the caller closes it. */
  Backend open() {
    return Backends.open(backend, threads());
  }

  /** As {@link #open}, for what needs kernels one by one: the fastest may be none of those. */
  Backend openForKernels() {
    return Backends.open(backend == BackendChoice.AUTO ? BackendChoice.CPU : backend, threads());
  }

  private int threads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}

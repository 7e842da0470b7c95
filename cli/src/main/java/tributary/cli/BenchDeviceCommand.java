package tributary.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.gpu.cuda.CudaBackend;
import tributary.gpu.cuda.DeviceBenchmark;

/** Measures a CUDA device. */
@Command(
    name = "device",
    description = "Measure what the CUDA device can do at most: bytes moved, and matrix products.")
final class BenchDeviceCommand implements Callable<Integer> {
  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    try (Backend backend = Backends.open(BackendChoice.CUDA, 1)) {
      if (!(backend instanceof CudaBackend cuda)) {
        throw new AssertionError("asked for cuda, got " + backend.name());
      }
      DeviceBenchmark.Report found = cuda.measure();
      report.print(found, to -> print(to, found));
    }
    return 0;
  }

  private static void print(PrintStream to, DeviceBenchmark.Report found) {
    to.printf(
        "%s, %d multiprocessors, %d MiB%n",
        found.device(), found.multiprocessors(), found.memoryBytes() >> 20);
    to.printf(
        "read %.0f GB/s, copy %.0f GB/s (read and written), launch %.1f us%n",
        found.readGigabytesPerSecond(),
        found.copyGigabytesPerSecond(),
        found.emptyLaunchMicroseconds());
    to.printf(
        "host to device %.1f GB/s pinned, %.1f GB/s pageable; device to host %.1f GB/s pinned%n",
        found.pinnedToDeviceGigabytesPerSecond(),
        found.pageableToDeviceGigabytesPerSecond(),
        found.deviceToPinnedGigabytesPerSecond());
    for (DeviceBenchmark.Product product : found.bf16Products()) {
      to.printf(
          "bf16 %d x %d x %d: %.3f ms, %.0f TFLOP/s (%s)%n",
          product.m(),
          product.n(),
          product.k(),
          product.milliseconds(),
          product.teraflopsPerSecond(),
          found.products());
    }
  }
}

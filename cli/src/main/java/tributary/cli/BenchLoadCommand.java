package tributary.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.gpu.cuda.CudaBackend;
import tributary.model.bench.LoadBenchmark;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Measures how fast deltas are loaded. */
@Command(
    name = "load",
    description =
        "Measure how fast a device loads a random delta from a file and from memory, and what it"
            + " costs those who decode meanwhile.")
final class BenchLoadCommand implements Callable<Integer> {
  @Option(
      names = "--shape",
      defaultValue = "llama-2-7b",
      paramLabel = "NAME",
      description = "Shape of the base, whose weights are random (default: ${DEFAULT-VALUE}).")
  private String shape = "";

  @Mixin private RandomCodeOptions code = new RandomCodeOptions();

  @Option(
      names = "--rows",
      defaultValue = "16",
      paramLabel = "B",
      description = "Sequences of the base that decode meanwhile (default: ${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--rounds",
      defaultValue = "20",
      paramLabel = "N",
      description = "Loads that are timed (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  /**
   * A report beside what the bus can do.
   *
   * @param busGigabytesPerSecond of large copies from pinned memory
   * @param timesTheBus how long a load from pinned memory takes beside a copy of its bytes
   */
  private record Measured(
      LoadBenchmark.Report load, double busGigabytesPerSecond, double timesTheBus) {}

  @Override
  public Integer call() {
    var settings = new LoadBenchmark.Settings(BaseWeights.shape(shape), code.code(), rows, rounds);
    try (Backend device = backend.open()) {
      if (!(device instanceof CudaBackend cuda)) {
        throw new TributaryException(
            ErrorCode.CONFIG, "bench load needs a CUDA device; the backend is " + device.name());
      }
      double bus = cuda.measure().pinnedToDeviceGigabytesPerSecond();
      LoadBenchmark.Report found = new LoadBenchmark(settings).run(device);
      double copy = found.bytes() / bus / 1e6;
      report.print(
          new Measured(found, bus, found.pinnedMilliseconds() / copy),
          to -> print(to, found, copy));
    }
    return 0;
  }

  private static void print(PrintStream to, LoadBenchmark.Report found, double copy) {
    to.printf(
        "%s, %s %d, %.0f MB (%.0f on the device), %s%n",
        found.shape(),
        found.codec(),
        found.size(),
        found.bytes() / 1e6,
        found.deviceBytes() / 1e6,
        found.device());
    to.printf(
        "from pinned memory %.1f ms, %.2f times a copy of %.1f ms (pinned in %.0f ms); from pageable memory %.1f ms%n",
        found.pinnedMilliseconds(),
        found.pinnedMilliseconds() / copy,
        copy,
        found.pinMilliseconds(),
        found.pageableMilliseconds());
    to.printf(
        "beside %d rows that decode %.1f ms, their step %.3f ms (%.3f without)%n",
        found.rows(),
        found.besideMilliseconds(),
        found.stepBesideMilliseconds(),
        found.stepMilliseconds());
    to.printf(
        "from disk into memory %.0f ms (plain reads of its bytes %.0f), checksums %.0f ms%n",
        found.diskMilliseconds(), found.plainReadMilliseconds(), found.verifyMilliseconds());
  }
}

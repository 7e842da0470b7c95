package tributary.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.bench.LoadBenchmark;

/** Measures how fast deltas are loaded. */
@Command(
    name = "load",
    description =
        "Measure how fast a device loads a random delta from memory, and what it costs those who"
            + " decode meanwhile.")
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

  @Override
  public Integer call() {
    var settings = new LoadBenchmark.Settings(BaseWeights.shape(shape), code.code(), rows, rounds);
    try (Backend device = backend.open()) {
      LoadBenchmark.Report found = new LoadBenchmark(settings).run(device);
      report.print(
          found,
          to ->
              to.printf(
                  "%s, %s %d, %.0f MB: %.1f ms, %.1f GB/s; beside %d rows that decode %.1f ms, %.1f GB/s, their step %.3f ms (%.3f without), %s%n",
                  found.shape(),
                  found.codec(),
                  found.size(),
                  found.bytes() / 1e6,
                  found.aloneMilliseconds(),
                  found.aloneGigabytesPerSecond(),
                  found.rows(),
                  found.besideMilliseconds(),
                  found.besideGigabytesPerSecond(),
                  found.stepBesideMilliseconds(),
                  found.stepMilliseconds(),
                  found.device()));
    }
    return 0;
  }
}

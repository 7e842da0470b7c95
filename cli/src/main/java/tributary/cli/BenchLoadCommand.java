package tributary.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.bench.LoadBenchmark;
import tributary.model.bench.ModelShape;
import tributary.model.bench.RandomCode;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

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

  @Option(
      names = "--codec",
      defaultValue = "sign-planes",
      paramLabel = "C",
      description =
          "Code of the delta: sign-planes, vector-codes, deltazip, uniform, any-precision or lora"
              + " (default: ${DEFAULT-VALUE}).")
  private String codec = "";

  @Option(
      names = {"--planes", "--bits", "--rank"},
      defaultValue = "1",
      paramLabel = "N",
      description = "Planes, bits of a code, rows of a vector or rank (default: ${DEFAULT-VALUE}).")
  private int size;

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
    ModelShape known =
        ModelShape.named(shape)
            .orElseThrow(() ->
                new TributaryException(
                    ErrorCode.USAGE,
                    "shape %s is unknown; known are %s"
                        .formatted(Quoted.of(shape), ModelShape.names())));
    var code = new RandomCode(RandomCode.Kind.named(codec), size);
    try (Backend device = backend.open()) {
      LoadBenchmark.Report found =
          new LoadBenchmark(new LoadBenchmark.Settings(known, code, rows, rounds)).run(device);
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

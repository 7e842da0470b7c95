package tributary.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.cli.soak.ColdStartBenchmark;

/** Measures what the first token of a variant that is on disk only waits for. */
@Command(
    name = "coldstart",
    description =
        "Measure the first token of a random delta that is on disk only, with several planes and"
            + " with the first alone.")
final class BenchColdStartCommand implements Callable<Integer> {
  @Option(
      names = "--hidden",
      defaultValue = "1024",
      paramLabel = "N",
      description = "Hidden size of the random base (default: ${DEFAULT-VALUE}).")
  private int hidden;

  @Option(
      names = "--layers",
      defaultValue = "4",
      paramLabel = "N",
      description = "Layers of the random base (default: ${DEFAULT-VALUE}).")
  private int layers;

  @Option(
      names = "--planes",
      defaultValue = "4",
      paramLabel = "P",
      description = "Sign planes of the delta that has several (default: ${DEFAULT-VALUE}).")
  private int planes;

  @Option(names = "--framed", description = "Store planes as zstd frames.")
  private boolean framed;

  @Option(
      names = "--rounds",
      defaultValue = "25",
      paramLabel = "N",
      description = "Starts of each (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Decides the weights (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--scratch",
      defaultValue = "${sys:java.io.tmpdir}",
      paramLabel = "DIR",
      description = "Where models are written; must be on a disk (default: ${DEFAULT-VALUE}).")
  private Path scratch = Path.of("");

  @Mixin private ReportOptions output = new ReportOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    var settings = new ColdStartBenchmark.Settings(hidden, layers, planes, framed, rounds, seed);
    ColdStartBenchmark.Report report = ColdStartBenchmark.run(settings, scratch);
    output.print(report, to -> print(to, report));
    return 0;
  }

  private static void print(PrintStream to, ColdStartBenchmark.Report report) {
    to.println("ms (median)   first token    queue     read   verify  transfer  first step");
    print(to, report.settings().planes() + " planes", report.allPlanes());
    print(to, "first plane", report.firstPlane());
    to.printf(
        Locale.ROOT,
        "files of %.1f and %.1f MB, ratio of the first tokens %.2f (of the shortest %.2f)%n",
        report.fileBytes() / 1e6,
        report.firstPlaneFileBytes() / 1e6,
        report.ratio(),
        report.ratioOfLeast());
  }

  private static void print(PrintStream to, String name, ColdStartBenchmark.Start start) {
    to.printf(
        Locale.ROOT,
        "%-12s  %11.1f  %7.1f  %7.1f  %7.1f  %8.1f  %10.1f%n",
        name,
        start.firstToken(),
        start.queue(),
        start.read(),
        start.verify(),
        start.transfer(),
        start.firstStep());
  }
}

package tributary.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.cli.soak.Soak;
import tributary.cli.soak.SoakReport;
import tributary.cli.soak.SoakSettings;

/** Runs a node under random traffic and compares every answer with offline decoding. */
@Command(
    name = "soak",
    description = {
      "Serve many random tenants of a tiny random model on budgets that hold few of them, compare"
          + " every answer with offline decoding, logit by logit, and watch the process's memory.",
      "Ends with 1 when an answer was wrong or failed."
    })
final class SoakCommand implements Callable<Integer> {
  @Option(
      names = "--tenants",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Registered tenants (default: ${DEFAULT-VALUE}).")
  private int tenants;

  @Option(
      names = "--hot",
      defaultValue = "30",
      paramLabel = "N",
      description = "Deltas that fit where they are computed with (default: ${DEFAULT-VALUE}).")
  private int hot;

  @Option(
      names = "--warm",
      defaultValue = "200",
      paramLabel = "N",
      description = "Deltas that are kept in RAM beside them (default: ${DEFAULT-VALUE}).")
  private int warm;

  @Option(
      names = "--zipf",
      defaultValue = "1",
      paramLabel = "S",
      description =
          "Exponent of the tenants' popularity; 0: all alike (default: ${DEFAULT-VALUE}).")
  private double zipf;

  @Option(
      names = "--clients",
      defaultValue = "20",
      paramLabel = "N",
      description = "Requests at once (default: ${DEFAULT-VALUE}).")
  private int clients;

  @Option(
      names = "--minutes",
      defaultValue = "10",
      paramLabel = "M",
      description = "How long at most (default: ${DEFAULT-VALUE}).")
  private double minutes;

  @Option(
      names = "--events",
      defaultValue = "9223372036854775807",
      paramLabel = "N",
      description =
          "End after so many loads, unloads, reuses of KV pages and prefix hits together.")
  private long events;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Decides weights and requests (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--scratch",
      defaultValue = "${sys:java.io.tmpdir}",
      paramLabel = "DIR",
      description = "Where the models are written while it runs (default: ${DEFAULT-VALUE}).")
  private Path scratch = Path.of("");

  @Mixin private ReportOptions output = new ReportOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    SoakReport report =
        Soak.run(
            new SoakSettings(
                tenants, hot, warm, zipf, clients, Math.round(60 * minutes), events, seed),
            scratch);
    output.print(report, report::print);
    return report.isSound() ? 0 : 1;
  }
}

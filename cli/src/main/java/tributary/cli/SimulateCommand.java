package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.simulation.report.ComparisonReport;
import tributary.simulation.report.ReportFiles;
import tributary.simulation.report.ResultTable;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.systems.Comparison;
import tributary.simulation.systems.ServingSystem;
import tributary.simulation.systems.Setting;

/** Replays requests through the real scheduler in virtual time. */
@Command(
    name = "simulate",
    description =
        "Replay requests through the scheduler in virtual time, on hardware you may not have.",
    subcommands = {
      SimulatePlanCommand.class,
      SimulateDeltaZipCommand.class,
      SimulateReplayCommand.class,
      SimulateValidateCommand.class
    })
final class SimulateCommand implements Callable<Integer> {
  /** Requests of each run that only goes into the plot against tenants. */
  private static final long SWEEP_REQUESTS = 1_500;

  @Mixin private TrafficOptions traffic = new TrafficOptions();

  @Mixin private ClusterOptions cluster = new ClusterOptions();

  @Mixin private ObjectiveOptions objectives = new ObjectiveOptions();

  @Option(
      names = "--compare",
      defaultValue = "tributary",
      paramLabel = "SYSTEMS",
      description =
          "tributary, tributary_fcfs, deltazip, swapping, dedicated, lora, several with commas, or"
              + " all (default: ${DEFAULT-VALUE}).")
  private String systems = "";

  @Option(
      names = "--tenants-plot",
      split = ",",
      defaultValue = "1,4,16,64",
      paramLabel = "N",
      description =
          "Numbers of tenants in the report's plot against them; 0 leaves it out"
              + " (default: ${DEFAULT-VALUE}).")
  private List<Integer> tenantsPlot = new ArrayList<>();

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description = "Write simulation.json and simulation.html there.")
  private @Nullable Path directory;

  @Mixin private ReportOptions output = new ReportOptions();

  @Override
  public Integer call() {
    long begun = System.nanoTime();
    Objective objective = objectives.objective();
    List<ServingSystem> compared = ServingSystem.parse(systems);
    Setting setting = cluster.setting(traffic.tenants());
    var comparison = new Comparison(traffic::open, objective);
    List<ComparisonReport.Row> rows =
        rows(comparison.run(compared.stream().map(s -> new Comparison.Run(s, setting)).toList()));
    var report =
        new ComparisonReport(
            "Simulated: %s on %s".formatted(setting.model().name(), setting.hardware().name()),
            settings(),
            objective,
            SimulationNotes.of(setting),
            rows,
            directory == null ? List.of() : sweep(compared, setting, objective));
    if (directory != null) {
      ReportFiles.write(report, directory);
    }
    output.print(report, to -> to.print(new ResultTable(rows, objective).toText()));
    tellSpeed(report, (System.nanoTime() - begun) / 1e9);
    return 0;
  }

  /** Beside the report, which is the same each time. */
  private static void tellSpeed(ComparisonReport report, double seconds) {
    long requests = 0;
    for (var rows : List.of(report.systems(), report.byTenants())) {
      for (ComparisonReport.Row row : rows) {
        Outcome outcome = row.outcome();
        requests += outcome == null ? 0 : outcome.counts().arrived();
      }
    }
    System.err.printf(
        Locale.ROOT,
        "simulated %,d requests in %.1f s: %,.0f requests/s%n",
        requests,
        seconds,
        requests / seconds);
  }

  private List<ComparisonReport.Row> sweep(
      List<ServingSystem> compared, Setting setting, Objective objective) {
    if (!traffic.drawsTenants()) {
      return List.of();
    }
    List<Comparison.Run> runs = new ArrayList<>();
    for (ServingSystem system : compared) {
      for (int tenants : tenantsPlot) {
        if (tenants > 0) {
          runs.add(new Comparison.Run(system, setting.withTenants(tenants)));
        }
      }
    }
    var comparison =
        new Comparison(tenants -> traffic.openFirst(tenants, SWEEP_REQUESTS), objective);
    return rows(comparison.run(runs));
  }

  private static List<ComparisonReport.Row> rows(List<Comparison.Result> results) {
    return results.stream().map(ComparisonReport.Row::of).toList();
  }

  private SequencedMap<String, String> settings() {
    var settings = new LinkedHashMap<String, String>();
    traffic.describe(settings);
    cluster.describe(settings);
    return settings;
  }
}

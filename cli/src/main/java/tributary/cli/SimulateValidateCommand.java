package tributary.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.actors.TributaryNode;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.simulation.cost.CostFile;
import tributary.simulation.cost.CostModel;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.engine.NodeSpec;
import tributary.simulation.engine.Placement;
import tributary.simulation.engine.Sharing;
import tributary.simulation.engine.TierSettings;
import tributary.simulation.validation.Fidelity;
import tributary.simulation.validation.Figure;
import tributary.simulation.validation.LiveFit;
import tributary.simulation.validation.PacedCosts;
import tributary.simulation.validation.StepSamples;

/**
 * Runs requests on a live node and in the simulator, whose costs are fitted to the same node under
 * other requests, and says how far the two are apart.
 */
@Command(
    name = "validate",
    description =
        "Fit costs to a live node of this machine, then run other requests on it and in the"
            + " simulator, and compare.")
final class SimulateValidateCommand implements Callable<Integer> {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "Configuration of the node, as for serve.")
  private Path config = Path.of("");

  @Option(
      names = "--rate",
      defaultValue = "4",
      paramLabel = "R",
      description = "Requests a second (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--requests",
      defaultValue = "160",
      paramLabel = "N",
      description = "Requests of each workload (default: ${DEFAULT-VALUE}).")
  private int requests;

  @Option(
      names = "--rounds",
      defaultValue = "10",
      paramLabel = "N",
      description =
          "Parts into which each workload is cut; costs are fitted around each"
              + " (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Decides everything that is drawn (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--codec",
      defaultValue = "bitdelta",
      paramLabel = "NAME",
      description = "What the fitted costs call the deltas (default: ${DEFAULT-VALUE}).")
  private String codec = "";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write the fitted costs there, for simulate --costs.")
  private @Nullable Path out;

  @Mixin private ServerOptions options = new ServerOptions();

  @Mixin private ReportOptions output = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(
      CostModel costs,
      List<Double> paces,
      boolean close,
      List<Figure> figures,
      List<Fidelity> errors) {}

  @Override
  public Integer call() {
    Loaded loaded = options.read(config);
    ServerConfig server = loaded.server();
    List<DeltaId> tenants = server.models().stream().map(ServerConfig.Model::name).toList();
    Bytes size = meanSize(server);
    var samples = new StepSamples(server.base().name(), size.count() / 1e9);
    try (TributaryNode node = TributaryNode.start(server, loaded.raw(), samples)) {
      node.whenReady().toCompletableFuture().join();
      var validation =
          new Validation(node, tenants, samples, new Validation.Size(rate, requests, rounds, seed));
      validation.runLive();
      PacedCosts costs =
          LiveFit.fit("live node of " + config.getFileName(), codec, validation.fitted());
      if (out != null) {
        CostFile.write(costs.mean(), out);
      }
      List<Figure> figures = validation.compared(costs, model -> simulated(node, model, size));
      List<Fidelity> errors = Fidelity.of(figures);
      boolean close = errors.stream().allMatch(Fidelity::isClose);
      output.print(
          new Result(costs.mean(), costs.paces(), close, figures, errors),
          to -> print(to, costs, figures, errors));
      return close ? 0 : 1;
    }
  }

  /** The node as the simulator sees it: its own limits and rules, and deltas of one size. */
  private ClusterSpec simulated(TributaryNode node, CostModel costs, Bytes size) {
    int tenants = node.models().all().size();
    var tiers =
        new TierSettings(
            size,
            tenants,
            tenants,
            TierSettings.LoadTiming.BESIDE_STEPS,
            new Nanos(Long.MAX_VALUE));
    var spec = new NodeSpec(node.limits(), node.rules(), tiers, costs, codec, Sharing.ONE_BASE, 1);
    return ClusterSpec.sound(spec, 1, Placement.BY_TENANT);
  }

  private static Bytes meanSize(ServerConfig server) {
    if (server.models().isEmpty()) {
      throw new TributaryException(
          ErrorCode.USAGE, "the configuration names no models; validate needs at least one");
    }
    long sum = 0;
    for (ServerConfig.Model model : server.models()) {
      try {
        sum += Files.size(model.delta());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new Bytes(sum / server.models().size());
  }

  private static void print(
      PrintStream to, PacedCosts costs, List<Figure> figures, List<Fidelity> errors) {
    CostModel mean = costs.mean();
    to.printf("costs fitted to %s: %s%n", mean.source(), mean.residuals());
    to.printf("around steps: %s%n", mean.loop());
    to.println(
        String.format(
            Locale.ROOT,
            "steps took %.2f to %.2f times as long as on average, by the round%n",
            Collections.min(costs.paces()),
            Collections.max(costs.paces())));
    to.println("workload  figure            live   simulated    error");
    for (Figure each : figures) {
      to.println(
          String.format(
              Locale.ROOT,
              "%-8s  %-12s  %9.4f   %9.4f  %+6.1f%%",
              each.workload(),
              each.name(),
              each.live(),
              each.simulated(),
              100 * each.relativeError()));
    }
    to.println("over all workloads      mean error  allowed   largest");
    for (Fidelity each : errors) {
      to.println(
          String.format(
              Locale.ROOT,
              "%-22s  %9.1f%%  %6.0f%%  %7.1f%%%s",
              each.name(),
              100 * each.meanError(),
              100 * each.allowed(),
              100 * each.largestError(),
              each.isClose() ? "" : "  too far"));
    }
  }
}

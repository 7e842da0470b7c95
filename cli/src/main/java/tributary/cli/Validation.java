package tributary.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import me.tongfei.progressbar.ProgressBar;
import tributary.actors.TributaryNode;
import tributary.protocol.DeltaId;
import tributary.protocol.TributaryException;
import tributary.simulation.cost.CostModel;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.engine.Simulation;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.validation.Figure;
import tributary.simulation.validation.LiveFit;
import tributary.simulation.validation.PacedCosts;
import tributary.simulation.validation.StepSamples;
import tributary.simulation.validation.Workload;
import tributary.simulation.workload.Traffic;

/**
 * The same requests on a live node and in the simulator. Each workload is cut into rounds, and
 * before and after each of those the node is measured for the fit, because the machine's speed
 * changes from minute to minute. A workload's figures are those of all its rounds together.
 */
final class Validation {
  private static final Objective OBJECTIVE = new Objective(1, 0.1, 0.95);

  /** A calibration has so many times fewer requests than a round. */
  private static final int CALIBRATIONS_A_ROUND = 2;

  /** A warm-up has so many times the requests of a workload. */
  private static final int WARM_UPS = 2;

  private static final Outcome.Work UNKNOWN = new Outcome.Work(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /**
   * How much is run.
   *
   * @param rate of requests, a second
   * @param requests of each workload
   * @param rounds into which each workload is cut
   * @param seed decides everything that is drawn
   */
  record Size(double rate, int requests, int rounds, long seed) {
    private static final int ROUNDS_MAX = 1000;

    Size {
      if (rounds < 1 || rounds > ROUNDS_MAX) {
        throw TributaryException.parameter("rounds", rounds, 1, ROUNDS_MAX);
      }
      if (requests < rounds) {
        throw TributaryException.parameter("requests", requests, rounds, Integer.MAX_VALUE);
      }
    }

    int requestsOfRound() {
      return requests / rounds;
    }
  }

  private final TributaryNode node;
  private final List<DeltaId> tenants;
  private final StepSamples samples;
  private final Size size;
  private final List<Workload> workloads;
  private final List<RunStatistics> live = new ArrayList<>();
  private final List<LiveFit.Round> fitted = new ArrayList<>();

  /**
   * @param samples told of the node's steps
   */
  Validation(TributaryNode node, List<DeltaId> tenants, StepSamples samples, Size size) {
    this.node = node;
    this.tenants = tenants;
    this.samples = samples;
    this.size = size;
    this.workloads = Workload.validated(size.rate, size.seed);
    workloads.forEach(_ -> live.add(new RunStatistics(tenants.size(), OBJECTIVE)));
  }

  /** Runs everything that is to run on the node. */
  void runLive() {
    int parts = 2 + 2 * size.rounds * workloads.size();
    try (ProgressBar progress = ReportOptions.progress("Running", parts, "parts")) {
      // Loads every variant and lets the machine's compiler finish.
      Workload warmUp = Workload.warmUp(size.rate, size.seed);
      run(warmUp, WARM_UPS * size.requests, unasked());
      samples.take();
      progress.step();
      for (int round = 0; round < size.rounds; round++) {
        for (int workload = 0; workload < workloads.size(); workload++) {
          calibrate();
          progress.step();
          run(workloads.get(workload).round(round), size.requestsOfRound(), live.get(workload));
          samples.take();
          progress.step();
        }
      }
      calibrate();
      progress.step();
    }
  }

  private void calibrate() {
    Workload round = Workload.calibration(size.rate, size.seed).round(fitted.size());
    int requests = Math.max(1, size.requestsOfRound() / CALIBRATIONS_A_ROUND);
    List<LiveFit.Seen> seen = run(round, requests, unasked());
    fitted.add(new LiveFit.Round(samples.take(), seen));
  }

  private List<LiveFit.Seen> run(Workload workload, int requests, RunStatistics statistics) {
    try (Traffic traffic = workload.traffic(requests, tenants.size())) {
      return new LiveRun(node, tenants, workload.name()).run(traffic, statistics);
    }
  }

  private RunStatistics unasked() {
    return new RunStatistics(tenants.size(), OBJECTIVE);
  }

  /** What costs are to be fitted to; between each and the next ran a round of a workload. */
  List<LiveFit.Round> fitted() {
    return fitted;
  }

  /** Each workload's figures, live and simulated with the costs of the time at which it ran. */
  List<Figure> compared(PacedCosts costs, Function<CostModel, ClusterSpec> cluster) {
    List<Figure> figures = new ArrayList<>();
    for (int workload = 0; workload < workloads.size(); workload++) {
      RunStatistics simulated = unasked();
      for (int round = 0; round < size.rounds; round++) {
        CostModel then = costs.after(round * workloads.size() + workload);
        try (Traffic traffic =
            workloads.get(workload).round(round).traffic(size.requestsOfRound(), tenants.size())) {
          Simulation.run(cluster.apply(then), traffic, simulated);
        }
      }
      figures.addAll(
          Figure.of(
              workloads.get(workload).name(),
              live.get(workload).outcome(0, UNKNOWN),
              simulated.outcome(0, UNKNOWN)));
    }
    return figures;
  }
}

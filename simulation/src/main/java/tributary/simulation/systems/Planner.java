package tributary.simulation.systems;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import tributary.protocol.TributaryException;
import tributary.simulation.engine.ClusterSpec;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.workload.Traffic;

/** Searches the fewest nodes that keep an objective for given requests. */
public final class Planner {
  /**
   * What was found.
   *
   * @param nodes the fewest; 0 when not even the most keep the objective
   * @param share of requests that get the objective on them, or on the most
   * @param reason why there is no plan, or nothing
   */
  public record Plan(
      @JsonProperty("system") String system,
      @JsonProperty("nodes") int nodes,
      @JsonProperty("gpus") int gpus,
      @JsonProperty("share") double share,
      @JsonProperty("reason") String reason) {
    /** In a line. */
    public String text() {
      return nodes == 0
          ? "%s: %s".formatted(system, reason)
          : String.format(
              Locale.ROOT,
              "%s: %d nodes, %d GPUs; %.2f%% of requests get the objective",
              system,
              nodes,
              gpus,
              100 * share);
    }
  }

  private final IntFunction<Traffic> traffic;
  private final Objective objective;
  private final int nodesMax;

  public Planner(IntFunction<Traffic> traffic, Objective objective, int nodesMax) {
    if (nodesMax < 1 || nodesMax > ClusterSpec.NODES_MAX) {
      throw TributaryException.parameter("nodes-max", nodesMax, 1, ClusterSpec.NODES_MAX);
    }
    this.traffic = traffic;
    this.objective = objective;
    this.nodesMax = nodesMax;
  }

  /** Doubles the nodes until they do, then halves the gap; more nodes are taken to be no worse. */
  public Plan plan(ServingSystem system, Setting setting) {
    if (system == ServingSystem.DEDICATED) {
      return dedicated(setting);
    }
    int enough = 1;
    Comparison.Result result = run(system, setting.withNodes(1));
    if (result.outcome().isEmpty()) {
      return new Plan(system.label(), 0, 0, 0, result.reason());
    }
    int tooFew = 0;
    while (share(result) < objective.share() && enough < nodesMax) {
      tooFew = enough;
      enough = Math.min(2 * enough, nodesMax);
      result = run(system, setting.withNodes(enough));
    }
    if (share(result) < objective.share()) {
      return new Plan(
          system.label(),
          0,
          0,
          share(result),
          String.format(
              Locale.ROOT,
              "%d nodes give %.2f%% of requests the objective, wanted is %.2f%%",
              enough,
              100 * share(result),
              100 * objective.share()));
    }
    while (enough - tooFew > 1) {
      int middle = (enough + tooFew) >>> 1;
      Comparison.Result tried = run(system, setting.withNodes(middle));
      if (share(tried) >= objective.share()) {
        enough = middle;
        result = tried;
      } else {
        tooFew = middle;
      }
    }
    return new Plan(system.label(), enough, result.gpus(), share(result), "");
  }

  /** Has as many nodes as tenants, whatever is wanted. */
  private Plan dedicated(Setting setting) {
    Comparison.Result result = run(ServingSystem.DEDICATED, setting);
    String label = ServingSystem.DEDICATED.label();
    return result.outcome().isEmpty()
        ? new Plan(label, 0, 0, 0, result.reason())
        : new Plan(label, result.nodes(), result.gpus(), share(result), "");
  }

  private Comparison.Result run(ServingSystem system, Setting setting) {
    return new Comparison(traffic, objective)
        .run(List.of(new Comparison.Run(system, setting)))
        .getFirst();
  }

  private static double share(Comparison.Result result) {
    return result.outcome().map(Outcome::met).orElse(0.0);
  }
}

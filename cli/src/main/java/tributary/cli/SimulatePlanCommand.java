package tributary.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.simulation.systems.Planner;
import tributary.simulation.systems.ServingSystem;

/** Searches the least hardware that keeps a promise. */
@Command(
    name = "plan",
    description = "Find the fewest nodes on which each system keeps the objective.")
final class SimulatePlanCommand implements Callable<Integer> {
  @Mixin private TrafficOptions traffic = new TrafficOptions();

  @Mixin private ClusterOptions cluster = new ClusterOptions();

  @Mixin private ObjectiveOptions objectives = new ObjectiveOptions();

  @Option(
      names = "--compare",
      defaultValue = "tributary,deltazip,swapping,lora",
      paramLabel = "SYSTEMS",
      description = "Systems to plan for (default: ${DEFAULT-VALUE}).")
  private String systems = "";

  @Option(
      names = "--nodes-max",
      defaultValue = "64",
      paramLabel = "N",
      description = "Give up beyond so many nodes (default: ${DEFAULT-VALUE}).")
  private int nodesMax;

  @Mixin private ReportOptions output = new ReportOptions();

  @Override
  public Integer call() {
    var planner = new Planner(traffic::open, objectives.objective(), nodesMax);
    List<Planner.Plan> plans = new ArrayList<>();
    for (ServingSystem system : ServingSystem.parse(systems)) {
      Planner.Plan plan = planner.plan(system, cluster.setting(traffic.tenants()));
      plans.add(plan);
      output.streaming(to -> to.println(plan.text()));
    }
    output.print(plans, _ -> {});
    return 0;
  }
}

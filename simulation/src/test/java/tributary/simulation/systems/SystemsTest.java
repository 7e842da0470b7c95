package tributary.simulation.systems;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Nanos;
import tributary.simulation.cost.CodecSpec;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.Curve;
import tributary.simulation.cost.DeltaCosts;
import tributary.simulation.cost.Hardware;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.cost.ModelSpec;
import tributary.simulation.cost.StepCosts;
import tributary.simulation.engine.Placement;
import tributary.simulation.report.ComparisonReport;
import tributary.simulation.report.ReportFiles;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

final class SystemsTest {
  private static final Objective OBJECTIVE = new Objective(2, 0.1, 0.95);

  @Test
  void every_system_serves_everybody_and_in_the_same_way_each_time() {
    List<Comparison.Run> runs =
        Arrays.stream(ServingSystem.values())
            .map(system -> new Comparison.Run(system, setting("h100", 1, 12)))
            .toList();
    var comparison = new Comparison(tenants -> traffic(tenants, 2, 200), OBJECTIVE);
    List<Comparison.Result> results = comparison.run(runs);
    assertThat(results)
        .allSatisfy(
            each -> assertThat(each.outcome().orElseThrow().counts().finished()).isEqualTo(200));
    assertThat(comparison.run(runs)).isEqualTo(results);
    Outcome dedicated = outcome(results, ServingSystem.DEDICATED);
    Outcome swapping = outcome(results, ServingSystem.SWAPPING);
    Outcome tributary = outcome(results, ServingSystem.TRIBUTARY);
    assertThat(dedicated.firstToken().mean()).isLessThan(tributary.firstToken().mean());
    assertThat(tributary.firstToken().mean()).isLessThan(swapping.firstToken().mean());
    assertThat(swapping.work().deviceLoads()).isGreaterThan(tributary.work().deviceLoads());
  }

  private static Outcome outcome(List<Comparison.Result> results, ServingSystem system) {
    return results.stream()
        .filter(result -> result.system() == system)
        .findFirst()
        .flatMap(Comparison.Result::outcome)
        .orElseThrow();
  }

  @Test
  void a_base_that_does_not_fit_is_told_with_the_cure() {
    Setting large = setting("h100", 1, 4, "llama-2-70b");
    Comparison.Result result =
        new Comparison(tenants -> traffic(tenants, 1, 10), OBJECTIVE)
            .run(List.of(new Comparison.Run(ServingSystem.TRIBUTARY, large)))
            .getFirst();
    assertThat(result.outcome()).isEmpty();
    assertThat(result.reason()).contains("llama-2-70b").contains("use more GPUs a node");
  }

  @Test
  void a_plan_is_enough_and_one_node_less_is_not() {
    var planner = new Planner(tenants -> traffic(tenants, 30, 400), OBJECTIVE, 32);
    Planner.Plan plan = planner.plan(ServingSystem.TRIBUTARY, setting("a100", 1, 8));
    assertThat(plan.nodes()).isGreaterThan(1);
    assertThat(plan.share()).isGreaterThanOrEqualTo(0.95);
    var fewer = new Planner(tenants -> traffic(tenants, 30, 400), OBJECTIVE, plan.nodes() - 1);
    assertThat(fewer.plan(ServingSystem.TRIBUTARY, setting("a100", 1, 8)).nodes()).isZero();
  }

  @Test
  void the_paper_s_setting_shows_swapping_far_behind_on_a_slow_disk() {
    List<DeltaZipPaper.Cell> cells = new DeltaZipPaper(Nanos.ofMillis(120_000), 100e6, 1).run();
    assertThat(cells).hasSize(18);
    assertThat(cells)
        .allSatisfy(cell -> {
          assertThat(cell.tributaryOverSwapping()).isGreaterThan(2);
          assertThat(cell.deltaZipOverSwapping()).isGreaterThan(1);
        });
  }

  @Test
  void a_report_of_all_systems_is_the_same_bytes_each_time(@TempDir Path folder)
      throws IOException {
    for (String name : List.of("one", "other")) {
      var comparison = new Comparison(tenants -> traffic(tenants, 4, 150), OBJECTIVE);
      List<ComparisonReport.Row> rows =
          comparison
              .run(
                  ServingSystem.parse("all").stream()
                      .map(system -> new Comparison.Run(system, setting("h100", 2, 12)))
                      .toList())
              .stream()
              .map(ComparisonReport.Row::of)
              .toList();
      ReportFiles.write(
          new ComparisonReport("t", new LinkedHashMap<>(), OBJECTIVE, List.of(), rows, rows),
          folder.resolve(name));
    }
    for (String file : List.of("simulation.json", "simulation.html")) {
      assertThat(folder.resolve("one").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("other").resolve(file));
    }
  }

  @Test
  void calibrated_costs_stand_for_the_preset_s_and_say_nothing_of_other_systems() {
    CostModel slow =
        new CostModel(
            "slow",
            "",
            new StepCosts(0.5, Curve.FREE, 0, 0, 0, 0),
            Map.of("bitdelta", new DeltaCosts(0, Curve.FREE, 0)),
            new LoopCosts(0.25, 0, 0.125, 0.0625),
            LinkCost.AT_ONCE,
            LinkCost.AT_ONCE,
            null);
    Setting setting = setting("h100", 1, 1).withCosts(slow);
    var results =
        new Comparison(tenants -> traffic(tenants, 1e-3, 1), OBJECTIVE)
            .run(
                List.of(
                    new Comparison.Run(ServingSystem.TRIBUTARY, setting),
                    new Comparison.Run(ServingSystem.SWAPPING, setting)));
    // To the device, to the plan, a step, to the reader.
    assertThat(results.getFirst().outcome().orElseThrow().firstToken().mean())
        .isCloseTo(0.125 + 0.25 + 0.5 + 0.0625, within(1e-3));
    assertThat(results.getLast().reason()).contains("say nothing of whole");
  }

  @Test
  void an_unknown_system_is_told_with_those_that_are_known() {
    assertThatThrownBy(() -> ServingSystem.parse("vllm")).hasMessageContaining("swapping, ded");
    assertThat(ServingSystem.parse("all")).hasSize(ServingSystem.values().length);
    assertThat(ServingSystem.parse("lora, LoRA,tributary"))
        .containsExactly(ServingSystem.LORA, ServingSystem.TRIBUTARY);
  }

  private static Setting setting(String hardware, int nodes, int tenants) {
    return setting(hardware, nodes, tenants, "llama-2-7b");
  }

  private static Setting setting(String hardware, int nodes, int tenants, String model) {
    return new Setting(
        Hardware.named(hardware).orElseThrow(),
        ModelSpec.named(model).orElseThrow(),
        1,
        nodes,
        tenants,
        CodecSpec.named("bitdelta").orElseThrow(),
        Placement.LEAST_LOADED,
        Setting.Limits.DEFAULT,
        Setting.Troubles.NONE);
  }

  private static Traffic traffic(int tenants, double rate, long requests) {
    var laws =
        new GeneratedTrace.Laws(
            new Arrivals.Poisson(rate), new LengthLaw.Uniform(1, 400), new LengthLaw.Geometric(40));
    return Traffic.drawn(
        new GeneratedTrace(laws, 9).first(requests), tenants, new Popularity.Zipf(1), 9);
  }
}

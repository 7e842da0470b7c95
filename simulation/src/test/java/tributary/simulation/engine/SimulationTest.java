package tributary.simulation.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.Curve;
import tributary.simulation.cost.DeltaCosts;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.cost.StepCosts;
import tributary.simulation.engine.TierSettings.LoadTiming;
import tributary.simulation.statistics.Objective;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.statistics.RunStatistics;
import tributary.simulation.workload.Arrivals;
import tributary.simulation.workload.GeneratedTrace;
import tributary.simulation.workload.LengthLaw;
import tributary.simulation.workload.Popularity;
import tributary.simulation.workload.Traffic;

final class SimulationTest {
  private static final Objective OBJECTIVE = new Objective(1, 0.1, 0.99);
  private static final Bytes SIZE = new Bytes(100_000_000);

  /** A step takes 10 ms, and each row another; a load from disk 1 s and on to the device 0.1 s. */
  private static final CostModel COSTS =
      new CostModel(
          "test",
          "",
          new StepCosts(0.010, Curve.linear(0.001), 0, 0, 0, 0),
          Map.of("c", new DeltaCosts(0, Curve.FREE, 0)),
          LoopCosts.NONE,
          new LinkCost(1e8, 0, 2),
          new LinkCost(1e9, 0, 2),
          null);

  @Test
  void a_request_alone_waits_for_its_loads_and_then_takes_its_steps() {
    Outcome outcome = run(cluster(tiers(2, 2, LoadTiming.BESIDE_STEPS)), 1, 1, 1);
    // 1 s from disk, 0.1 s to the device, a prompt of 10 tokens, then 4 steps of one token.
    assertThat(outcome.firstToken().mean()).isCloseTo(1.1 + 0.010 + 0.010, within(1e-6));
    assertThat(outcome.endToEnd().mean()).isCloseTo(1.12 + 4 * 0.011, within(1e-6));
    assertThat(outcome.perToken().mean()).isCloseTo(0.011, within(1e-6));
    assertThat(outcome.work().steps()).isEqualTo(5);
    assertThat(outcome.work().diskLoads()).isEqualTo(1);
  }

  @Test
  void loads_beside_steps_delay_nobody_else_and_loads_between_steps_do() {
    Outcome beside = run(cluster(tiers(4, 8, LoadTiming.BESIDE_STEPS)), 300, 8, 3);
    Outcome between = run(cluster(tiers(4, 8, LoadTiming.BETWEEN_STEPS)), 300, 8, 3);
    assertThat(beside.work().stalledShare()).isZero();
    assertThat(between.work().stalledShare()).isPositive();
    assertThat(between.perToken().mean()).isGreaterThan(beside.perToken().mean());
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void everybody_is_served_however_few_the_slots(long seed) {
    for (LoadTiming timing : LoadTiming.values()) {
      Outcome outcome = run(cluster(tiers(1, 1, timing)), 200, 12, seed);
      assertThat(outcome.counts().finished()).isEqualTo(200);
      assertThat(outcome.timeline()).allMatch(each -> each.device() <= 1 && each.host() <= 1);
      assertThat(outcome.tenants().stream().mapToLong(each -> each.requests()).sum())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EnumSource(Placement.class)
  void the_same_seed_gives_the_same_outcome_and_another_seed_another(Placement placement) {
    var cluster =
        ClusterSpec.sound(cluster(tiers(3, 4, LoadTiming.BESIDE_STEPS)).node(), 3, placement);
    Outcome first = run(cluster, 300, 8, 7);
    assertThat(run(cluster, 300, 8, 7)).isEqualTo(first);
    assertThat(run(cluster, 300, 8, 8)).isNotEqualTo(first);
  }

  @Test
  void requests_of_a_node_that_dies_end_on_another() {
    NodeSpec node = cluster(tiers(4, 8, LoadTiming.BESIDE_STEPS)).node();
    var death = new Failure.NodeDeath(0, Nanos.ofMillis(3_000), Nanos.ofMillis(6_000));
    var cluster =
        new ClusterSpec(node, 2, Placement.BY_TENANT, List.of(death), Nanos.ofMillis(500));
    Outcome outcome = run(cluster, 400, 8, 5);
    assertThat(outcome.counts().restarted()).isPositive();
    assertThat(outcome.counts().finished()).isEqualTo(400);
    Outcome sound = run(ClusterSpec.sound(node, 2, Placement.BY_TENANT), 400, 8, 5);
    assertThat(outcome.endToEnd().mean()).isGreaterThan(sound.endToEnd().mean());
  }

  @Test
  void requests_that_come_while_no_node_lives_wait_for_one() {
    NodeSpec node = cluster(tiers(4, 8, LoadTiming.BESIDE_STEPS)).node();
    var death = new Failure.NodeDeath(0, Nanos.ofMillis(1_000), Nanos.ofMillis(9_000));
    var cluster = new ClusterSpec(node, 1, Placement.BY_TENANT, List.of(death), Nanos.ZERO);
    assertThat(run(cluster, 100, 3, 5).counts().finished()).isEqualTo(100);
  }

  @Test
  void a_slow_disk_makes_first_tokens_late() {
    NodeSpec node = cluster(tiers(4, 8, LoadTiming.BESIDE_STEPS)).node();
    var slow = new Failure.SlowDisk(0, Nanos.ZERO, Nanos.ofMillis(60_000), 10);
    var cluster = new ClusterSpec(node, 1, Placement.BY_TENANT, List.of(slow), Nanos.ZERO);
    Outcome sound = run(ClusterSpec.sound(node, 1, Placement.BY_TENANT), 100, 8, 5);
    assertThat(run(cluster, 100, 8, 5).firstToken().max())
        .isGreaterThan(5 * sound.firstToken().max());
  }

  @Test
  void what_the_scheduler_refuses_is_counted() {
    Outcome outcome = run(cluster(tiers(2, 2, LoadTiming.BESIDE_STEPS)), 2_000, 2, 1, 10_000);
    assertThat(outcome.counts().refused()).isPositive();
    assertThat(outcome.counts().refused() + outcome.counts().finished()).isEqualTo(2_000);
  }

  @Test
  void a_request_that_is_refused_leaves_its_slot_to_others() {
    // Prompts are longer than the context in half of all cases.
    var laws =
        new GeneratedTrace.Laws(
            new Arrivals.Poisson(1), new LengthLaw.Uniform(1, 1023), new LengthLaw.Constant(5));
    for (LoadTiming timing : LoadTiming.values()) {
      try (Traffic traffic =
          Traffic.drawn(new GeneratedTrace(laws, 3).first(200), 20, new Popularity.Uniform(), 3)) {
        Outcome outcome = Simulation.run(cluster(tiers(1, 1, timing)), traffic, OBJECTIVE);
        assertThat(outcome.counts().refused()).isBetween(60L, 140L);
        assertThat(outcome.counts().finished()).isEqualTo(200 - outcome.counts().refused());
      }
    }
  }

  @Test
  void runs_one_after_the_other_are_told_together() {
    ClusterSpec cluster = cluster(tiers(2, 2, LoadTiming.BESIDE_STEPS));
    Outcome one = run(cluster, 40, 2, 1);
    Outcome other = run(cluster, 60, 2, 2);
    var both = new RunStatistics(2, OBJECTIVE);
    for (long seed = 1; seed <= 2; seed++) {
      try (Traffic traffic = traffic(seed == 1 ? 40 : 60, 2, seed, 40)) {
        Simulation.run(cluster, traffic, both);
      }
    }
    Outcome together = both.outcome(0, one.work());
    assertThat(together.counts().finished()).isEqualTo(100);
    assertThat(together.seconds()).isCloseTo(one.seconds() + other.seconds(), within(1e-9));
    assertThat(together.endToEnd().mean())
        .isCloseTo(0.4 * one.endToEnd().mean() + 0.6 * other.endToEnd().mean(), within(1e-9));
  }

  private static TierSettings tiers(int device, int host, LoadTiming timing) {
    return new TierSettings(SIZE, device, host, timing, Nanos.ofMillis(2_000));
  }

  private static ClusterSpec cluster(TierSettings tiers) {
    var limits = new SchedulerLimits(64, 16, 500, 200, 16, 512, Nanos.ofMillis(1_000));
    var node =
        new NodeSpec(limits, SchedulerRules.FIRST_COME, tiers, COSTS, "c", Sharing.ONE_BASE, 1);
    return ClusterSpec.sound(node, 1, Placement.BY_TENANT);
  }

  private static Outcome run(ClusterSpec cluster, long requests, int tenants, long seed) {
    return run(cluster, requests, tenants, seed, 40);
  }

  private static Outcome run(
      ClusterSpec cluster, long requests, int tenants, long seed, double rate) {
    try (Traffic traffic = traffic(requests, tenants, seed, rate)) {
      return Simulation.run(cluster, traffic, OBJECTIVE);
    }
  }

  private static Traffic traffic(long requests, int tenants, long seed, double rate) {
    var laws =
        new GeneratedTrace.Laws(
            new Arrivals.Poisson(rate), new LengthLaw.Constant(10), new LengthLaw.Constant(5));
    return Traffic.drawn(
        new GeneratedTrace(laws, seed).first(requests), tenants, new Popularity.Zipf(1), seed);
  }
}

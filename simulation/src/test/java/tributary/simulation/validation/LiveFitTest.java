package tributary.simulation.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.scheduling.Scheduler;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.Curve;
import tributary.simulation.cost.DeltaCosts;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.LoopCosts;
import tributary.simulation.cost.StepCosts;
import tributary.simulation.cost.StepPrice;
import tributary.simulation.cost.StepWork;

final class LiveFitTest {
  private static final DeltaId BASE = new DeltaId("base");
  private static final double GIGABYTES = 0.01;
  private static final long TO_DEVICE = 3_000_000;
  private static final long TO_READER = 2_000_000;
  private static final long AFTER_STEP = 400_000;
  private static final long PER_DRAW = 50_000;

  private static final CostModel TRUTH =
      new CostModel(
          "truth",
          "",
          new StepCosts(2e-3, Curve.linear(1e-4), 1e-5, 2e-6, 1e-8, 4e-5),
          Map.of("c", new DeltaCosts(3e-4, Curve.linear(0.05), 2e-3)),
          LoopCosts.NONE,
          LinkCost.AT_ONCE,
          LinkCost.AT_ONCE,
          null);

  private final StepSamples samples = new StepSamples(BASE, GIGABYTES);
  private final List<LiveFit.Seen> seen = new ArrayList<>();
  private final Scheduler scheduler =
      new Scheduler(
          new SchedulerLimits(64, 8, 100, 1000, 16, 512, Nanos.ofMillis(1000)),
          SchedulerRules.FIRST_COME,
          samples);
  private final StepPrice price = new StepPrice(TRUTH, "c");
  private long now = 1_000_000_000;
  private int requests;
  private double pace = 1;

  @Test
  void the_costs_of_a_server_are_found_in_what_it_did() {
    LiveFit.Round round = round(new SplittableRandom(5), 60);
    PacedCosts paced = LiveFit.fit("found", "c", List.of(round));
    assertThat(paced.paces()).containsExactly(1.0);
    CostModel found = paced.mean();
    assertThat(found.loop().afterStep()).isCloseTo(AFTER_STEP / 1e9, within(1e-6));
    assertThat(found.loop().perDraw()).isCloseTo(PER_DRAW / 1e9, within(1e-7));
    assertThat(found.loop().toDevice()).isCloseTo(TO_DEVICE / 1e9, within(1e-9));
    assertThat(found.loop().toReader()).isCloseTo(TO_READER / 1e9, within(1e-9));
    assertThat(found.residuals()).isNotNull();
    var again = new StepPrice(found, "c");
    for (int rows = 1; rows <= 64; rows *= 2) {
      var work = new StepWork();
      work.slice(40, rows, true);
      work.delta(GIGABYTES, rows);
      double truth = price.seconds(work);
      assertThat(again.seconds(work)).isCloseTo(truth, within(0.05 * truth));
    }
  }

  @Test
  void a_machine_that_becomes_slower_is_told_from_steps_that_cost_more() {
    var random = new SplittableRandom(6);
    List<LiveFit.Round> rounds = new ArrayList<>();
    for (double each : List.of(0.8, 1.0, 1.4, 0.8)) {
      pace = each;
      rounds.add(round(random, 40));
    }
    PacedCosts paced = LiveFit.fit("found", "c", rounds);
    assertThat(paced.paces().get(0)).isCloseTo(0.8, within(0.01));
    assertThat(paced.paces().get(1)).isCloseTo(1.0, within(0.01));
    assertThat(paced.paces().get(2)).isCloseTo(1.4, within(0.01));
    assertThat(paced.paces().get(3)).isCloseTo(0.8, within(0.01));
    var work = new StepWork();
    work.slice(40, 20, true);
    work.delta(GIGABYTES, 20);
    double truth = price.seconds(work);
    assertThat(new StepPrice(paced.mean(), "c").seconds(work))
        .isCloseTo(truth, within(0.05 * truth));
    // Between the second round and the third the machine was at half way from 1 to 1.4.
    assertThat(new StepPrice(paced.after(1), "c").seconds(work))
        .isCloseTo(1.2 * truth, within(0.06 * truth));
    assertThat(paced.after(1).loop().afterStep()).isCloseTo(1.2 * AFTER_STEP / 1e9, within(5e-6));
  }

  @Test
  void too_few_steps_are_refused() {
    LiveFit.Round one = round(new SplittableRandom(1), 1);
    assertThatThrownBy(() -> LiveFit.fit("few", "c", List.of(one)))
        .hasMessageContaining("send more requests");
  }

  private LiveFit.Round round(SplittableRandom random, int bursts) {
    seen.clear();
    for (int burst = 0; burst < bursts; burst++) {
      now += 50_000_000;
      for (int i = 1 + random.nextInt(6); i > 0; i--) {
        arrive(random);
      }
      stepUntilIdle();
    }
    return new LiveFit.Round(samples.take(), List.copyOf(seen));
  }

  private void arrive(SplittableRandom random) {
    String model = random.nextInt(4) == 0 ? BASE.name() : "m" + random.nextInt(5);
    var request =
        new GenerationRequest(
            new RequestId("r" + requests++),
            new DeltaId(model),
            Tokens.of(new int[1 + random.nextInt(100)]),
            Sampling.GREEDY,
            new StopRule(1 + random.nextInt(12), 0, Set.of()));
    assertThat(scheduler.arrived(request, Integer.MAX_VALUE, new Nanos(now))).isEmpty();
    long sent = now - Math.round(pace * TO_DEVICE);
    seen.add(new LiveFit.Seen(request.id(), new Nanos(sent), Nanos.ZERO));
  }

  private void stepUntilIdle() {
    for (StepPlan plan = plan(); !plan.isEmpty(); plan = plan()) {
      now += Math.round(1e9 * pace * price.seconds(work(plan)));
      List<StepResult.Drawn> drawn = new ArrayList<>();
      for (StepPlan.Slice slice : plan.slices()) {
        if (slice.draws()) {
          drawn.add(new StepResult.Drawn(slice.request().id(), 0, null, List.of()));
        }
      }
      scheduler
          .completed(new StepResult(plan.number(), drawn, List.of()), new Nanos(now))
          .forEach(this::note);
      now += Math.round(pace * (AFTER_STEP + PER_DRAW * drawn.size()));
    }
  }

  private StepPlan plan() {
    return scheduler.plan(new Nanos(now));
  }

  private void note(TokenEvent event) {
    if (event instanceof TokenEvent.Finished) {
      long end = now + Math.round(pace * TO_READER);
      seen.replaceAll(each ->
          each.request().equals(event.request())
              ? new LiveFit.Seen(each.request(), each.sent(), new Nanos(end))
              : each);
    }
  }

  private static StepWork work(StepPlan plan) {
    var work = new StepWork();
    DeltaId last = BASE;
    int rows = 0;
    for (StepPlan.Slice slice : plan.slices()) {
      work.slice(slice.firstPosition(), slice.count(), slice.draws());
      if (!slice.request().model().equals(last)) {
        addDelta(work, last, rows);
        last = slice.request().model();
        rows = 0;
      }
      rows += slice.count();
    }
    addDelta(work, last, rows);
    return work;
  }

  private static void addDelta(StepWork work, DeltaId delta, int rows) {
    if (!delta.equals(BASE) && rows > 0) {
      work.delta(GIGABYTES, rows);
    }
  }
}

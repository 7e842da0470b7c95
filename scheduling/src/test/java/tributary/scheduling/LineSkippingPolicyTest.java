package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.PolicyChoice.LineSkipping;
import tributary.scheduling.PolicyChoice.LineSkipping.Preemption;

class LineSkippingPolicyTest {
  private static final Nanos LONG = Nanos.ofMillis(1_000_000);

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  @Test
  void younger_requests_for_deltas_in_the_batch_pass_one_whose_delta_finds_no_place() {
    Steps steps = steps(Preemption.NONE, LONG);
    steps.arrive(request("a1").model("a").maxTokens(5));
    steps.arrive(request("b1").model("b").maxTokens(2));
    steps.arrive(request("a2").model("a").maxTokens(2));
    assertThat(steps.step()).containsExactly("a1", "a2");
    steps.steps(4);
    assertThat(steps.step()).containsExactly("b1");
  }

  @Test
  void first_come_first_served_lets_nobody_pass() {
    var rules =
        new SchedulerRules(
            new PolicyChoice.FirstCome(), 1, null, SchedulerRules.Prefixes.FORGOTTEN);
    var steps = new Steps(limits().build(), rules);
    steps.arrive(request("a1").model("a").maxTokens(3));
    steps.arrive(request("b1").model("b").maxTokens(2));
    steps.arrive(request("a2").model("a").maxTokens(2));
    assertThat(steps.step()).containsExactly("a1");
    steps.steps(2);
    assertThat(steps.step()).containsExactly("b1");
  }

  @Test
  void children_give_way_to_an_older_request_when_their_parent_has_ended() {
    Steps steps = steps(Preemption.AFTER_PARENT, LONG);
    steps.arrive(request("a1").model("a").maxTokens(3));
    steps.arrive(request("b1").model("b").maxTokens(2));
    steps.arrive(request("a2").model("a").maxTokens(50));
    steps.steps(3);
    assertThat(steps.step()).as("a1 has ended").containsExactly("b1");
    assertThat(steps.scheduler.load().preemptions()).isEqualTo(1);
    assertThat(steps.step()).containsExactly("b1");
    assertThat(steps.step()).as("returns with what it had").containsExactly("a2");
  }

  @Test
  void children_stay_when_nobody_older_waits_for_the_place() {
    Steps steps = steps(Preemption.AFTER_PARENT, LONG);
    steps.arrive(request("a1").model("a").maxTokens(2));
    steps.arrive(request("a2").model("a").maxTokens(9));
    steps.steps(2);
    steps.arrive(request("b1").model("b").maxTokens(2));
    steps.steps(7);
    assertThat(steps.scheduler.load().preemptions()).isZero();
    assertThat(steps.step()).containsExactly("b1");
  }

  @Test
  void a_popular_delta_without_preemption_keeps_its_place_until_the_age_bound() {
    Steps steps = steps(Preemption.NONE, Steps.ticks(20));
    steps.arrive(request("a0").model("a").maxTokens(4));
    steps.arrive(request("b1").model("b").maxTokens(2));
    int waited = 0;
    boolean running = false;
    while (!running) {
      waited++;
      steps.arrive(request("a" + waited).model("a").maxTokens(4));
      running = steps.step().contains("b1");
    }
    assertThat(waited).as("the bound, and then what was running").isBetween(22, 26);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void nobody_is_let_in_before_one_that_has_waited_for_the_age_bound(long seed) {
    var random = new SplittableRandom(seed);
    Nanos ageMax = Steps.ticks(5 + random.nextInt(15));
    Steps steps = steps(Preemption.NONE, ageMax);
    var waiting = new TreeMap<Integer, Nanos>();
    int overAge = 0;
    for (int arrivals = 0; arrivals < 300; arrivals++) {
      waiting.put(arrivals, steps.now);
      String delta = random.nextInt(4) == 0 ? "rare" : "popular";
      steps.arrive(request("" + arrivals).model(delta).maxTokens(1 + random.nextInt(9)));
      Nanos planned = steps.now;
      List<String> step = steps.step();
      int latest = -1;
      for (int request : List.copyOf(waiting.keySet())) {
        if (step.contains("" + request)) {
          waiting.remove(request);
          latest = request;
        }
      }
      for (var left : waiting.headMap(Math.max(latest, 0)).entrySet()) {
        assertThat(planned.minus(left.getValue())).as("passed").isLessThanOrEqualTo(ageMax);
      }
      overAge +=
          waiting.isEmpty() || planned.minus(waiting.firstEntry().getValue()).compareTo(ageMax) <= 0
              ? 0
              : 1;
    }
    assertThat(overAge).as("steps at which the bound held somebody up").isPositive();
  }

  @Test
  void the_base_takes_no_place_among_the_deltas() {
    var rules =
        new SchedulerRules(
            new LineSkipping(Preemption.AFTER_PARENT, LONG),
            1,
            new DeltaId("base"),
            SchedulerRules.Prefixes.FORGOTTEN);
    var steps = new Steps(limits().build(), rules);
    steps.arrive(request("base1").model("base").maxTokens(3));
    steps.arrive(request("a1").model("a").maxTokens(3));
    steps.arrive(request("base2").model("base").maxTokens(3));
    assertThat(steps.step()).containsExactly("base1", "base2", "a1");
  }

  @Test
  void a_delta_whose_sequences_are_all_parked_gives_its_place_up() {
    Steps steps = steps(Preemption.NONE, LONG);
    steps.arrive(new Arrival(request("a1").model("a").build(), 1, 0, 0, null));
    steps.step();
    steps.arrive(request("b1").model("b").maxTokens(1));
    assertThat(steps.step()).containsExactly("b1");
  }

  private static Steps steps(Preemption preemption, Nanos ageMax) {
    return new Steps(
        limits().build(),
        new SchedulerRules(
            new LineSkipping(preemption, ageMax), 1, null, SchedulerRules.Prefixes.FORGOTTEN));
  }
}

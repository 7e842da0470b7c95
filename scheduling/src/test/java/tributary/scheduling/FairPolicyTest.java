package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;

class FairPolicyTest {
  private static final int GAP = 60;
  private static final Nanos LONG = Nanos.ofMillis(1_000_000);
  private static final List<String> FLOODS = List.of("small", "large", "heavy");

  private Nanos now = Nanos.ofMillis(1_000);

  static LongStream seeds() {
    return LongStream.range(0, 12);
  }

  /** What a device with a crowd in front of it gave each tenant, step by step. */
  private final class Crowd {
    private final SplittableRandom random;
    private final SchedulerLimits limits;
    private final Scheduler scheduler;
    private final HashingExecutor executor;
    private final Map<RequestId, Integer> computed = new HashMap<>();
    private final Map<String, Integer> weights = new HashMap<>();
    private final Map<String, Long> given = new HashMap<>();
    private long spare;
    private final Set<RequestId> inside = new HashSet<>();
    private Set<RequestId> lastRequests = Set.of();
    private Set<RequestId> lastFavoured = Set.of();
    private Set<String> lastTenants = Set.of();
    private boolean passers = true;
    private boolean pagesRunShort;
    private int arrivals;

    Crowd(SplittableRandom random, PolicyChoice policy) {
      this(random, policy, tight(random));
    }

    Crowd(SplittableRandom random, PolicyChoice policy, SchedulerLimits limits) {
      this.random = random;
      this.limits = limits;
      scheduler =
          new Scheduler(
              limits, new SchedulerRules(policy, 9, null, SchedulerRules.Prefixes.FORGOTTEN));
      executor = new HashingExecutor(limits);
      for (String flood : FLOODS) {
        weights.put(flood, 1 + random.nextInt(3));
        scheduler.terms(
            new DeltaId(flood), TenantTerms.DEFAULT.withWeight(weights.getOrDefault(flood, 1)));
      }
    }

    /** More of each flood than can run, so that some of each wait; others come and go. */
    void arrive() {
      for (String flood : FLOODS) {
        while (scheduler.sequencesOf(new DeltaId(flood)) < 10) {
          arrive(flood, flood.equals("large") ? 40 : 6);
        }
      }
      if (passers && random.nextInt(4) == 0) {
        arrive("passer-" + random.nextInt(5), 20);
      }
    }

    private void arrive(String tenant, int sizeMax) {
      RequestBuilder next =
          request("r" + arrivals++)
              .model(tenant)
              .prompt(1 + random.nextInt(sizeMax))
              .maxTokens(1 + random.nextInt(sizeMax));
      assertThat(scheduler.arrived(next.build(), Integer.MAX_VALUE, now)).isEmpty();
    }

    void step() {
      StepPlan plan = scheduler.plan(now);
      assertThat(plan.isEmpty()).isFalse();
      nobodyWaitsBesideRoom(plan);
      for (StepPlan.Slice slice : plan.slices()) {
        int end = slice.firstPosition() + slice.count();
        int before = computed.getOrDefault(slice.request().id(), 0);
        String tenant = slice.request().model().name();
        if (end > before) {
          computed.put(slice.request().id(), end);
          given.merge(tenant, (long) end - before, Long::sum);
        }
      }
      lastRequests =
          plan.slices().stream().map(slice -> slice.request().id()).collect(Collectors.toSet());
      lastFavoured =
          plan.slices().stream()
              .map(StepPlan.Slice::request)
              .filter(request -> List.of("small", "large").contains(request.model().name()))
              .map(GenerationRequest::id)
              .collect(Collectors.toSet());
      lastTenants =
          plan.slices().stream()
              .map(slice -> slice.request().model().name())
              .collect(Collectors.toSet());
      inside.addAll(lastRequests);
      now = now.plus(Nanos.ofMillis(1));
      scheduler.completed(executor.execute(plan), now);
      checkService(plan);
    }

    /** The scheduler's account agrees with the plans, and what it calls spare nobody else had. */
    private void checkService(StepPlan plan) {
      long spareBefore = spare;
      spare = 0;
      for (var entry : given.entrySet()) {
        Scheduler.Service service = scheduler.service(new DeltaId(entry.getKey()));
        assertThat(service.due() + service.spare()).isEqualTo(entry.getValue());
        spare += service.spare();
      }
      if (spare > spareBefore) {
        assertThat(pagesRunShort).as("spare tokens in %s", plan).isTrue();
      }
    }

    private double share(String flood) {
      long due = scheduler.service(new DeltaId(flood)).due();
      return due / (double) weights.getOrDefault(flood, 1);
    }

    /** What is left of a step's tokens is left because places or pages are all taken. */
    private void nobodyWaitsBesideRoom(StepPlan plan) {
      Scheduler.Load load = scheduler.load();
      int longest = limits.pagesFor(80);
      pagesRunShort = load.kvPagesUsed() + longest + load.running() > limits.kvPages();
      assertThat(
              plan.tokenCount() == limits.tokensPerStep()
                  || load.waiting() == 0
                  || load.running() == limits.runningMax()
                  || pagesRunShort)
          .as("%d tokens, %s", plan.tokenCount(), load)
          .isTrue();
    }

    /** The greatest difference in service between two floods over any span of the steps. */
    double widestGap(int steps) {
      double widest = 0;
      var least = new HashMap<String, Double>();
      var most = new HashMap<String, Double>();
      for (int step = 0; step < steps; step++) {
        arrive();
        step();
        for (String a : FLOODS) {
          for (String b : FLOODS) {
            double lead = share(a) - share(b);
            String pair = a + b;
            widest =
                Math.max(
                    widest,
                    Math.max(
                        lead - least.merge(pair, lead, Math::min),
                        most.merge(pair, lead, Math::max) - lead));
          }
        }
      }
      return widest;
    }
  }

  private static SchedulerLimits tight(SplittableRandom random) {
    int pageTokens = 1 + random.nextInt(8);
    return limits()
        .tokensPerStep(8 + random.nextInt(40))
        .runningMax(8)
        .pageTokens(pageTokens)
        .kvPages(Math.ceilDiv(90, pageTokens) + random.nextInt(40))
        .build();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void what_backlogged_tenants_get_stays_within_the_stated_bound(long seed) {
    var crowd = new Crowd(new SplittableRandom(seed), new PolicyChoice.Fair(GAP, LONG));
    double bound = 2.0 * GAP + 2.0 * crowd.limits.tokensPerStep();
    assertThat(crowd.widestGap(400)).isLessThanOrEqualTo(bound);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void where_pages_do_not_run_short_every_token_is_due(long seed) {
    var random = new SplittableRandom(seed);
    SchedulerLimits roomy = limits().tokensPerStep(8 + random.nextInt(40)).runningMax(8).build();
    var crowd = new Crowd(random, new PolicyChoice.Fair(GAP, LONG), roomy);
    double bound = 2.0 * GAP + 2.0 * roomy.tokensPerStep();
    assertThat(crowd.widestGap(400)).isLessThanOrEqualTo(bound);
    assertThat(crowd.spare).isZero();
  }

  @Test
  void where_pages_run_short_who_is_ahead_goes_on_for_nothing() {
    var steps = new Steps(limits().runningMax(9).pageTokens(1).kvPages(40).build(), fair(4));
    steps.arrive(request("x").model("x").prompt(2).maxTokens(30));
    steps.steps(20);
    steps.arrive(request("y").model("y").prompt(12).maxTokens(25));
    steps.step();
    steps.arrive(request("late").model("y").prompt(38).maxTokens(1));
    assertThat(steps.scheduler.load().running()).isEqualTo(2);
    Scheduler.Service before = steps.scheduler.service(new DeltaId("x"));
    assertThat(steps.step()).as("no room for the late one").contains("x", "y");
    Scheduler.Service after = steps.scheduler.service(new DeltaId("x"));
    assertThat(after).isEqualTo(new Scheduler.Service(before.due(), before.spare() + 1));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void nobody_is_let_in_before_a_tenant_that_has_waited_for_the_age_bound(long seed) {
    var random = new SplittableRandom(seed);
    Nanos ageMax = Nanos.ofMillis(20 + random.nextInt(40));
    var crowd = new Crowd(random, new PolicyChoice.Fair(GAP, ageMax));
    crowd.scheduler.terms(new DeltaId("small"), priority(1));
    crowd.scheduler.terms(new DeltaId("large"), priority(1));
    crowd.passers = false; // One of its own rank that is behind would go first.
    Nanos servedAt = now;
    Nanos longest = Nanos.ZERO;
    for (int step = 0; step < 300; step++) {
      crowd.arrive();
      var before = Set.copyOf(crowd.inside);
      Nanos planned = now;
      crowd.step();
      boolean overAge = planned.minus(servedAt).compareTo(ageMax) > 0;
      if (crowd.lastTenants.contains("heavy")) {
        longest =
            planned.minus(servedAt).compareTo(longest) > 0 ? planned.minus(servedAt) : longest;
        servedAt = now;
      } else if (overAge) {
        var fresh = new HashSet<>(crowd.lastFavoured);
        fresh.removeAll(before);
        assertThat(fresh).as("let in before one that waits for too long").isEmpty();
      }
    }
    assertThat(longest.compareTo(ageMax)).as("the bound is reached").isPositive();
    assertThat(longest).isLessThan(ageMax.plus(Nanos.ofMillis(100)));
  }

  @Test
  void first_come_first_served_keeps_no_such_bound() {
    var crowd = new Crowd(new SplittableRandom(1), new PolicyChoice.FirstCome());
    double bound = 2.0 * GAP + 2.0 * crowd.limits.tokensPerStep();
    assertThat(crowd.widestGap(400)).isGreaterThan(2 * bound);
  }

  @Test
  void a_tenant_far_ahead_gives_its_places_to_one_that_waits() {
    var steps = new Steps(limits().runningMax(2).build(), fair(4));
    steps.arrive(request("a").model("x").maxTokens(99));
    steps.arrive(request("b").model("x").maxTokens(99));
    steps.step();
    steps.arrive(request("c").model("y").maxTokens(99));
    assertThat(steps.until("c")).as("both x lead by 8 and by 10").isLessThanOrEqualTo(3);
  }

  @Test
  void a_higher_priority_goes_first_and_takes_places() {
    var steps = new Steps(limits().runningMax(1).build(), fair(1_000));
    steps.scheduler.terms(new DeltaId("high"), priority(1));
    steps.arrive(request("a").model("low").maxTokens(99));
    assertThat(steps.step()).containsExactly("a");
    steps.arrive(request("b").model("high").maxTokens(2));
    assertThat(steps.step()).containsExactly("b");
    assertThat(steps.step()).containsExactly("b");
    assertThat(steps.step()).containsExactly("a");
  }

  @Test
  void a_low_priority_is_let_in_when_it_has_waited_for_the_age_bound_and_stays_in() {
    var steps =
        new Steps(limits().runningMax(1).build(), new PolicyChoice.Fair(1_000, Steps.ticks(10)));
    steps.scheduler.terms(new DeltaId("high"), priority(1));
    steps.arrive(request("h0").model("high").maxTokens(4));
    steps.arrive(request("low").model("low").maxTokens(6));
    for (int i = 1; i < 9; i++) {
      steps.arrive(request("h" + i).model("high").maxTokens(4));
    }
    assertThat(steps.until("low")).as("at the first end after the bound").isBetween(11, 15);
    for (int i = 0; i < 5; i++) {
      assertThat(steps.step()).containsExactly("low");
    }
  }

  @Test
  void urgent_ones_go_first_within_their_tenant_and_then_those_with_deadlines() {
    var steps = new Steps(limits().runningMax(1).build(), fair(1_000));
    steps.arrive(new Arrival(oneToken("plain"), 9, 0, 0, null));
    steps.arrive(new Arrival(oneToken("late"), 9, 0, 0, steps.now.plus(Steps.ticks(90))));
    steps.arrive(new Arrival(oneToken("soon"), 9, 0, 0, steps.now.plus(Steps.ticks(50))));
    steps.arrive(new Arrival(oneToken("urgent"), 9, 0, 1, null));
    assertThat(List.of(steps.step(), steps.step(), steps.step(), steps.step()))
        .containsExactly(List.of("urgent"), List.of("soon"), List.of("late"), List.of("plain"));
  }

  @Test
  void who_returns_from_a_pause_has_saved_nothing_up() {
    var steps = new Steps(limits().runningMax(2).build(), fair(20));
    for (int i = 0; i < 6; i++) {
      steps.arrive(request("x" + i).model("x").maxTokens(40));
    }
    steps.steps(60);
    for (int i = 0; i < 6; i++) {
      steps.arrive(request("y" + i).model("y").maxTokens(40));
    }
    Map<String, Integer> rows = steps.rows(60);
    assertThat(rows.get("x")).as("x goes on beside y").isGreaterThan(20);
  }

  private static GenerationRequest oneToken(String id) {
    return request(id).maxTokens(1).build();
  }

  private static PolicyChoice fair(int gap) {
    return new PolicyChoice.Fair(gap, LONG);
  }

  private static TenantTerms priority(int priority) {
    return new TenantTerms(1, priority, 99, 99, TenantTerms.UNLIMITED, TenantTerms.UNLIMITED);
  }
}

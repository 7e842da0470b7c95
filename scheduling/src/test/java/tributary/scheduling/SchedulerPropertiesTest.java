package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;
import tributary.scheduling.PolicyChoice.LineSkipping;

class SchedulerPropertiesTest {
  /** An age bound that nothing in these tests reaches. */
  static final Nanos NEVER = ticks(1_000_000);

  private static final int TICKS_MAX = 20_000;

  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  /** Enough for each policy, with and without an age bound, prefixes and a base. */
  static LongStream manySeeds() {
    return LongStream.range(0, 300);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void every_request_ends_with_exactly_its_tokens(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    Workload workload = Workload.random(random).tenants(1 + random.nextInt(8));
    check(new Run(roomyLimits(random), workload.arrivals()));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void tokens_survive_preemption_in_a_tiny_pool(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    Workload workload = Workload.random(random).ticksBetween(1).promptMax(20).outputMax(40);
    var run = new Run(tinyLimits(random), workload.arrivals());
    check(run);
    assertThat(run.scheduler.load().preemptions()).isPositive();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void slow_stalled_and_leaving_readers_harm_nobody_else(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    Workload workload =
        Workload.random(random).ticksBetween(1).slowReaders().cancelled(0.2).stalled(0.1);
    check(new Run(tinyLimits(random), workload.arrivals()));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_full_queue_refuses_and_what_it_took_still_ends(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    SchedulerLimits limits =
        limits().tokensPerStep(16).runningMax(3).waitingMax(4).slowReaderMax(ticks(200)).build();
    var run = new Run(limits, Workload.random(random).ticksBetween(2).slowReaders().arrivals());
    check(run);
    assertThat(run.replay.stories().values())
        .anySatisfy(story -> assertThat(story.refused()).isNotNull());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_same_inputs_give_the_same_plans(long seed) throws Exception {
    assertThat(plansOf(seed)).isEqualTo(plansOf(seed));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void every_policy_keeps_its_promises_to_single_sequences_and_wastes_no_step(long seed)
      throws Exception {
    var random = new SplittableRandom(seed);
    Workload workload =
        Workload.random(random)
            .tenants(1 + random.nextInt(9))
            .ticksBetween(1)
            .slowReaders()
            .cancelled(0.1)
            .stalled(0.05);
    var run = new Run(tinyLimits(random), randomRules(random), workload.arrivals());
    for (int tenant = 0; tenant < 9; tenant++) {
      run.agree(new DeltaId("tenant-" + tenant), randomTerms(random));
    }
    check(run);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void kept_prefixes_spare_work_and_change_no_token(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    var rules =
        new SchedulerRules(new PolicyChoice.FirstCome(), 9, null, SchedulerRules.Prefixes.KEPT);
    Workload workload = Workload.random(random).tenants(3).ticksBetween(2);
    var run = new Run(tinyLimits(random), rules, workload.arrivals());
    check(run);
    assertThat(run.scheduler.prefixes().tokensFound()).isPositive();
  }

  private static SchedulerRules randomRules(SplittableRandom random) {
    Nanos ageMax = random.nextBoolean() ? NEVER : ticks(1 + random.nextInt(60));
    PolicyChoice policy =
        switch (random.nextInt(4)) {
          case 0 -> new PolicyChoice.FirstCome();
          case 1 -> new LineSkipping(LineSkipping.Preemption.NONE, ageMax);
          case 2 -> new LineSkipping(LineSkipping.Preemption.AFTER_PARENT, ageMax);
          default -> new PolicyChoice.Fair(1 + random.nextInt(100), ageMax);
        };
    return new SchedulerRules(
        policy,
        1 + random.nextInt(5),
        random.nextBoolean() ? new DeltaId("tenant-0") : null,
        random.nextBoolean() ? SchedulerRules.Prefixes.KEPT : SchedulerRules.Prefixes.FORGOTTEN);
  }

  private static TenantTerms randomTerms(SplittableRandom random) {
    return new TenantTerms(
        1 + random.nextInt(4),
        random.nextInt(2),
        1 + random.nextInt(6),
        Integer.MAX_VALUE,
        TenantTerms.UNLIMITED,
        TenantTerms.UNLIMITED);
  }

  private static List<String> plansOf(long seed) throws InterruptedException {
    var random = new SplittableRandom(seed);
    Workload workload =
        Workload.random(random).ticksBetween(1).slowReaders().cancelled(0.2).stalled(0.1);
    var run = new Run(tinyLimits(random), workload.arrivals());
    var plans = new ArrayList<String>();
    run.replay.run(TICKS_MAX, plan -> plans.add(PlanText.of(plan)));
    return plans;
  }

  private static SchedulerLimits roomyLimits(SplittableRandom random) {
    return limits()
        .tokensPerStep(1 + random.nextInt(64))
        .pageTokens(1 + random.nextInt(16))
        .slowReaderMax(ticks(200))
        .build();
  }

  /** A pool that holds barely more than the longest sequence alone. */
  private static SchedulerLimits tinyLimits(SplittableRandom random) {
    int pageTokens = 1 + random.nextInt(8);
    return limits()
        .tokensPerStep(4 + random.nextInt(40))
        .pageTokens(pageTokens)
        .kvPages(Math.ceilDiv(60, pageTokens) + random.nextInt(10))
        .slowReaderMax(ticks(200))
        .build();
  }

  private static Nanos ticks(int count) {
    return new Nanos(count * Replay.TICK.count());
  }

  /** A replay with everything that is known of it. */
  private static final class Run implements Consumer<StepPlan> {
    final SchedulerLimits limits;
    final Scheduler scheduler;
    final Replay replay;
    private final Map<DeltaId, TenantTerms> terms = new HashMap<>();
    private final PlanRules rules;
    private final WorkConservation conservation;

    Run(SchedulerLimits limits, List<Workload.Arrival> arrivals) {
      this(limits, SchedulerRules.FIRST_COME, arrivals);
    }

    Run(SchedulerLimits limits, SchedulerRules schedulerRules, List<Workload.Arrival> arrivals) {
      this.limits = limits;
      scheduler = new Scheduler(limits, schedulerRules);
      replay = new Replay(scheduler, new HashingExecutor(limits), arrivals);
      rules = new PlanRules(limits, schedulerRules);
      conservation = new WorkConservation(limits, schedulerRules, terms, scheduler, replay);
    }

    void agree(DeltaId tenant, TenantTerms its) {
      terms.put(tenant, its);
      scheduler.terms(tenant, its);
    }

    @Override
    public void accept(StepPlan plan) {
      rules.accept(plan);
      Scheduler.Load load = scheduler.load();
      assertThat(load.kvPagesUsed()).as("KV budget").isLessThanOrEqualTo(limits.kvPages());
      conservation.accept(plan);
      for (StepPlan.Slice slice : plan.slices()) {
        GenerationRequest request = slice.request();
        assertThat(slice.length() - request.prompt().count())
            .as("%s may run", request.id())
            .isLessThan(replay.story(request.id()).credit());
      }
    }
  }

  private static void check(Run run) throws InterruptedException {
    run.replay.run(TICKS_MAX, run);
    for (Replay.Story story : run.replay.stories().values()) {
      checkTokens(story);
      checkEnding(story, run.limits);
    }
    assertThat(run.scheduler.live()).isEmpty();
    assertThat(run.scheduler.load().kvPagesUsed()).as("all pages are free again").isZero();
    assertThat(run.scheduler.hasWork()).isFalse();
  }

  private static void checkTokens(Replay.Story story) {
    int prompt = story.request().prompt().count();
    for (int i = 0; i < story.tokens().size(); i++) {
      TokenEvent.Token token = story.tokens().get(i);
      assertThat(token.index()).isEqualTo(i);
      assertThat(token.token()).isEqualTo(HashingExecutor.token(story.request(), prompt + i));
    }
  }

  private static void checkEnding(Replay.Story story, SchedulerLimits limits) {
    if (story.refused() != null) {
      assertThat(story.refused().code()).isEqualTo(ErrorCode.QUEUE_FULL);
      assertThat(story.tokens()).isEmpty();
    } else if (story.ending() instanceof TokenEvent.Failed failed) {
      assertThat(story.arrival().stalls()).isTrue();
      assertThat(failed.refusal().code()).isEqualTo(ErrorCode.READER_TOO_SLOW);
      assertThat(story.tokens()).hasSize(story.arrival().window());
    } else if (!story.cancelled()) {
      TokenEvent.Finished expected = expectedEnding(story.request(), limits);
      assertThat(story.ending()).isEqualTo(expected);
      assertThat(story.tokens()).hasSize(expected.usage().completionTokens());
    }
  }

  /** How the request must end when its reader stays, told without a scheduler. */
  private static TokenEvent.Finished expectedEnding(
      GenerationRequest request, SchedulerLimits limits) {
    int prompt = request.prompt().count();
    int poolTokens = limits.kvPages() * limits.pageTokens() + 1;
    int lengthMax = Math.min(request.tokensMax(), Math.min(limits.contextLength(), poolTokens));
    for (int position = prompt; position < lengthMax; position++) {
      boolean stops =
          request.stop().stopTokens().contains(HashingExecutor.token(request, position));
      if (stops && position - prompt >= request.stop().minTokens()) {
        return new TokenEvent.Finished(
            request.id(), FinishReason.STOP, new Usage(prompt, position - prompt + 1));
      }
    }
    return new TokenEvent.Finished(
        request.id(), FinishReason.LENGTH, new Usage(prompt, lengthMax - prompt));
  }
}

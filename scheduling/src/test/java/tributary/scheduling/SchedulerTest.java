package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;

class SchedulerTest {
  private static final int ANY_CREDIT = Integer.MAX_VALUE;
  private static final int TOKEN = 7;

  private Scheduler scheduler = new Scheduler(limits().build());
  private Nanos now = Nanos.ofMillis(1_000_000);

  // What a step holds.

  @Test
  void a_prompt_is_computed_whole_when_the_budget_allows() {
    arrive(request("a").prompt(10));
    assertThat(slices(plan())).containsExactly("a 0+10 draws");
  }

  @Test
  void a_long_prompt_is_cut_into_chunks_and_draws_only_at_its_end() {
    schedule(limits().tokensPerStep(4));
    arrive(request("a").prompt(10).maxTokens(2));
    assertThat(step()).containsExactly("a 0+4");
    assertThat(step()).containsExactly("a 4+4");
    assertThat(step()).containsExactly("a 8+2 draws");
    assertThat(step()).containsExactly("a 10+1 draws");
    assertThat(scheduler.live()).isEmpty();
  }

  @Test
  void decoding_sequences_come_before_prompts_and_prompts_in_order_of_arrival() {
    schedule(limits().tokensPerStep(8));
    arrive(request("a").prompt(8).maxTokens(9));
    step();
    arrive(request("b").prompt(10));
    arrive(request("c").prompt(10));
    assertThat(step()).containsExactly("a 8+1 draws", "b 0+7");
    assertThat(step()).containsExactly("a 9+1 draws", "b 7+3 draws", "c 0+4");
    assertThat(step()).containsExactly("a 10+1 draws", "b 10+1 draws", "c 4+6 draws");
  }

  @Test
  void rows_of_one_delta_lie_side_by_side() {
    arrive(request("a").model("x"));
    arrive(request("b").model("y"));
    arrive(request("c").model("x"));
    arrive(request("d").model("z"));
    arrive(request("e").model("y"));
    assertThat(slices(plan()))
        .extracting(text -> text.substring(0, 1))
        .containsExactly("a", "c", "b", "e", "d");
  }

  @Test
  void no_more_sequences_run_than_allowed() {
    schedule(limits().runningMax(2));
    arrive(request("a").maxTokens(1));
    arrive(request("b").maxTokens(2));
    arrive(request("c"));
    assertThat(step()).containsExactly("a 0+4 draws", "b 0+4 draws");
    assertThat(step()).containsExactly("b 4+1 draws", "c 0+4 draws");
  }

  @Test
  void pages_are_taken_as_tokens_come() {
    schedule(limits().pageTokens(4));
    arrive(request("a").prompt(4).maxTokens(100));
    StepPlan first = plan();
    assertThat(first.slices().getFirst().pages()).hasSize(1);
    complete(first);
    assertThat(plan().slices().getFirst().pages()).hasSize(2);
    assertThat(scheduler.load().kvPagesUsed()).isEqualTo(2);
  }

  @Test
  void a_scheduler_without_work_plans_nothing() {
    assertThat(scheduler.hasWork()).isFalse();
    assertThat(plan().isEmpty()).isTrue();
    arrive(request("a"));
    assertThat(scheduler.hasWork()).isTrue();
    plan();
    assertThat(scheduler.hasWork()).as("a step is under way").isFalse();
  }

  // Arrivals.

  @Test
  void a_full_queue_refuses_with_its_counts_and_when_to_come_again() {
    schedule(limits().runningMax(1).waitingMax(2));
    arrive(request("a"));
    step();
    arrive(request("b"));
    arrive(request("c"));
    Refusal refusal = arrival(request("d")).orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.QUEUE_FULL);
    assertThat(refusal.message()).contains("2 sequences wait (at most 2), 1 run");
    assertThat(refusal.retryAfter()).isNotNull();
    assertThat(scheduler.live()).extracting(RequestId::value).containsExactly("a", "b", "c");
  }

  @Test
  void the_time_to_come_again_follows_the_pace_of_the_queue() {
    schedule(limits().runningMax(1).waitingMax(1));
    for (int i = 0; i < 100; i++) {
      arrive(request("r" + i).maxTokens(1));
      now = now.plus(Nanos.ofMillis(20_000));
      step();
    }
    arrive(request("a"));
    assertThat(arrival(request("b")).orElseThrow().retryAfter())
        .isBetween(Nanos.ofMillis(19_000), Nanos.ofMillis(21_000));
  }

  @Test
  void sequences_that_lost_their_pages_count_as_waiting_for_arrivals() {
    schedule(limits().runningMax(1).waitingMax(1));
    arrive(request("a"), 1);
    step();
    arrive(request("b"), 1);
    step();
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 0, 2, 1, 1));
    assertThat(arrival(request("c"))).isPresent();
  }

  @Test
  void a_prompt_that_leaves_no_room_in_the_context_is_refused() {
    schedule(limits().contextLength(16));
    Refusal refusal = arrival(request("a").prompt(16)).orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
    assertThat(refusal.parameter()).isEqualTo("prompt");
    assertThat(refusal.message()).contains("16 tokens", "context of 16");
    assertThat(arrival(request("b").prompt(15))).isEmpty();
  }

  @Test
  void a_prompt_that_the_whole_pool_cannot_hold_is_refused() {
    schedule(limits().kvPages(3).pageTokens(4));
    Refusal refusal = arrival(request("a").prompt(13)).orElseThrow();
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
    assertThat(refusal.message()).contains("13 tokens", "holds 12", "kv-memory");
    assertThat(arrival(request("b").prompt(12))).isEmpty();
  }

  @Test
  void an_id_that_is_here_already_is_refused() {
    arrive(request("a"));
    assertThat(arrival(request("a")).orElseThrow().code()).isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void after_refusing_arrivals_what_is_here_ends_and_then_all_is_drained() {
    arrive(request("a").maxTokens(2));
    scheduler.refuseArrivals();
    assertThat(arrival(request("b")).orElseThrow().code()).isEqualTo(ErrorCode.SHUTTING_DOWN);
    step();
    assertThat(scheduler.drained()).isFalse();
    step();
    assertThat(scheduler.drained()).isTrue();
  }

  @Test
  void a_step_of_a_cancelled_sequence_still_has_to_drain() {
    arrive(request("a"));
    StepPlan plan = plan();
    scheduler.refuseArrivals();
    scheduler.cancelled(new RequestId("a"));
    assertThat(scheduler.drained()).isFalse();
    complete(plan);
    assertThat(scheduler.drained()).isTrue();
  }

  // Endings.

  @Test
  void a_sequence_ends_at_its_token_limit() {
    arrive(request("a").prompt(4).maxTokens(2));
    assertThat(complete(plan())).containsExactly(token("a", 0));
    assertThat(complete(plan()))
        .containsExactly(token("a", 1), finished("a", FinishReason.LENGTH, new Usage(4, 2)));
  }

  @Test
  void a_sequence_ends_at_the_end_of_the_context() {
    schedule(limits().contextLength(6));
    arrive(request("a").prompt(4).maxTokens(100));
    complete(plan());
    assertThat(complete(plan())).contains(finished("a", FinishReason.LENGTH, new Usage(4, 2)));
  }

  @Test
  void a_sequence_ends_where_the_pool_ends() {
    schedule(limits().kvPages(2).pageTokens(4));
    arrive(request("a").prompt(7).maxTokens(100));
    complete(plan());
    assertThat(complete(plan())).contains(finished("a", FinishReason.LENGTH, new Usage(7, 2)));
  }

  @Test
  void a_stop_token_is_reported_counted_and_last() {
    arrive(request("a").prompt(4).stopTokens(TOKEN));
    assertThat(complete(plan()))
        .containsExactly(token("a", 0), finished("a", FinishReason.STOP, new Usage(4, 1)));
    assertThat(scheduler.load().kvPagesUsed()).isZero();
  }

  @Test
  void a_stop_token_at_the_token_limit_is_a_stop() {
    arrive(request("a").prompt(4).maxTokens(1).stopTokens(TOKEN));
    assertThat(complete(plan())).contains(finished("a", FinishReason.STOP, new Usage(4, 1)));
  }

  @Test
  void a_stop_token_before_the_least_number_of_tokens_does_not_end() {
    arrive(request("a").prompt(4).minTokens(2).stopTokens(TOKEN));
    assertThat(complete(plan())).containsExactly(token("a", 0));
    assertThat(complete(plan())).containsExactly(token("a", 1));
    assertThat(complete(plan())).contains(finished("a", FinishReason.STOP, new Usage(4, 3)));
  }

  @Test
  void a_failure_ends_its_sequence_and_no_other() {
    arrive(request("a"));
    arrive(request("b"));
    StepPlan plan = plan();
    Refusal gone = Refusal.of(ErrorCode.DELTA_UNAVAILABLE, "delta tenant is gone");
    var drawn = List.of(new StepResult.Drawn(new RequestId("b"), TOKEN, null, List.of()));
    var failures = List.of(new StepResult.Failure(new RequestId("a"), gone));
    assertThat(scheduler.completed(new StepResult(plan.number(), drawn, failures), now))
        .containsExactly(new TokenEvent.Failed(new RequestId("a"), gone), token("b", 0));
    assertThat(scheduler.live()).containsExactly(new RequestId("b"));
  }

  @Test
  void a_step_that_could_not_be_computed_fails_everything_in_it() {
    schedule(limits().tokensPerStep(6));
    arrive(request("a").prompt(4));
    arrive(request("b").prompt(4));
    arrive(request("c"));
    StepPlan plan = plan();
    Refusal broken = Refusal.of(ErrorCode.INTERNAL, "the device is lost");
    assertThat(scheduler.completed(StepResult.failed(plan, broken), now))
        .containsExactly(
            new TokenEvent.Failed(new RequestId("a"), broken),
            new TokenEvent.Failed(new RequestId("b"), broken));
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(1, 0, 0, 0, 0));
  }

  // Cancellation.

  @Test
  void cancelling_frees_pages_at_once_when_no_step_uses_them() {
    arrive(request("a"));
    step();
    scheduler.cancelled(new RequestId("a"));
    assertThat(scheduler.load().kvPagesUsed()).isZero();
    assertThat(scheduler.hasWork()).isFalse();
  }

  @Test
  void pages_of_a_sequence_cancelled_in_a_step_stay_until_the_step_is_over() {
    arrive(request("a"));
    StepPlan plan = plan();
    scheduler.cancelled(new RequestId("a"));
    assertThat(scheduler.live()).isEmpty();
    assertThat(scheduler.load().kvPagesUsed()).isEqualTo(1);
    assertThat(scheduler.sequencesOf(new DeltaId("tenant"))).isEqualTo(1);
    assertThat(complete(plan)).isEmpty();
    assertThat(scheduler.load().kvPagesUsed()).isZero();
    assertThat(scheduler.sequencesOf(new DeltaId("tenant"))).isZero();
  }

  @Test
  void a_result_for_a_cancelled_id_does_not_reach_a_new_sequence_of_that_name() {
    arrive(request("a"));
    StepPlan plan = plan();
    scheduler.cancelled(new RequestId("a"));
    arrive(request("a"));
    Refusal gone = Refusal.of(ErrorCode.DELTA_UNAVAILABLE, "delta tenant is gone");
    var drawn = List.of(new StepResult.Drawn(new RequestId("a"), TOKEN, null, List.of()));
    var failures = List.of(new StepResult.Failure(new RequestId("a"), gone));
    assertThat(scheduler.completed(new StepResult(plan.number(), drawn, failures), now)).isEmpty();
    assertThat(step()).containsExactly("a 0+4 draws");
  }

  @Test
  void unknown_ids_are_ignored() {
    scheduler.cancelled(new RequestId("nobody"));
    scheduler.credit(new RequestId("nobody"), 5, now);
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 0, 0, 0, 0));
  }

  // Readers.

  @Test
  void a_sequence_runs_no_further_than_its_credit() {
    arrive(request("a").maxTokens(9), 2);
    step();
    step();
    assertThat(scheduler.hasWork()).isFalse();
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 0, 1, 2, 0));
    scheduler.credit(new RequestId("a"), 3, now);
    assertThat(step()).containsExactly("a 5+1 draws");
    assertThat(scheduler.hasWork()).isFalse();
  }

  @Test
  void credit_never_shrinks() {
    arrive(request("a"), 3);
    scheduler.credit(new RequestId("a"), 1, now);
    step();
    assertThat(scheduler.hasWork()).isTrue();
  }

  @Test
  void an_arrival_without_credit_waits_aside_and_holds_up_nobody() {
    arrive(request("a"), 0);
    arrive(request("b"));
    assertThat(step()).containsExactly("b 0+4 draws");
    scheduler.credit(new RequestId("a"), 1, now);
    assertThat(step()).containsExactly("b 4+1 draws", "a 0+4 draws");
  }

  @Test
  void a_parked_sequence_gives_its_place_to_one_that_waits() {
    schedule(limits().runningMax(1));
    arrive(request("a"), 1);
    step();
    arrive(request("b").maxTokens(1));
    assertThat(step()).containsExactly("b 0+4 draws");
    scheduler.credit(new RequestId("a"), 2, now);
    assertThat(step()).as("recomputed").containsExactly("a 0+5 draws");
    assertThat(scheduler.load().preemptions()).isEqualTo(1);
  }

  @Test
  void parked_sequences_lose_their_pages_before_running_ones_do() {
    schedule(limits().kvPages(3).pageTokens(4));
    arrive(request("a").prompt(4).maxTokens(9), 9);
    arrive(request("b").prompt(3).maxTokens(9), 1);
    step(); // Leaves b parked with a page of its own.
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 1, 1, 2, 0));
    for (int i = 0; i < 5; i++) {
      step();
    }
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 1, 1, 3, 1));
  }

  @Test
  void a_reader_that_takes_nothing_for_too_long_is_failed() {
    schedule(limits().slowReaderMax(Nanos.ofMillis(1_500)));
    arrive(request("started").maxTokens(9), 1);
    step();
    arrive(request("never"), 0);
    now = now.plus(Nanos.ofMillis(1_500));
    assertThat(scheduler.expire(now)).isEmpty();
    now = now.plus(new Nanos(1));
    assertThat(scheduler.expire(now))
        .allSatisfy(event -> {
          assertThat(event).isInstanceOf(TokenEvent.Failed.class);
          Refusal refusal = ((TokenEvent.Failed) event).refusal();
          assertThat(refusal.code()).isEqualTo(ErrorCode.READER_TOO_SLOW);
          assertThat(refusal.message()).contains("1.5 s", "slow-reader-max");
        })
        .extracting(event -> event.request().value())
        .containsExactly("started", "never");
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(0, 0, 0, 0, 0));
  }

  // Pages run short.

  @Test
  void the_latest_admitted_loses_its_pages_and_goes_on_later_with_the_same_tokens() {
    schedule(limits().kvPages(4).pageTokens(4));
    arrive(request("a").prompt(4).maxTokens(10));
    arrive(request("b").prompt(4).maxTokens(10));
    for (int i = 0; i < 5; i++) {
      assertThat(step()).hasSize(2);
    }
    assertThat(step()).as("a needs a third page").containsExactly("a 8+1 draws");
    assertThat(scheduler.load()).isEqualTo(new Scheduler.Load(1, 1, 0, 3, 1));
    for (int i = 0; i < 4; i++) {
      assertThat(step()).hasSize(1);
    }
    StepPlan resumed = plan();
    assertThat(slices(resumed)).containsExactly("b 0+9 draws");
    assertThat(complete(resumed)).containsExactly(token("b", 5));
  }

  @Test
  void who_lost_its_pages_comes_before_newcomers() {
    schedule(limits().kvPages(4).pageTokens(4));
    arrive(request("a").prompt(4).maxTokens(6));
    arrive(request("b").prompt(4).maxTokens(10));
    arrive(request("c").prompt(1).maxTokens(1));
    for (int i = 0; i < 6; i++) {
      step();
    }
    assertThat(step()).containsExactly("b 0+9 draws");
    assertThat(scheduler.live()).extracting(RequestId::value).containsExactly("b", "c");
  }

  // Misuse.

  @Test
  void planning_during_a_step_is_a_fault() {
    arrive(request("a"));
    plan();
    assertThatThrownBy(this::plan)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("step 1 has not completed");
  }

  @Test
  void a_result_of_another_step_is_a_fault() {
    var stray = new StepResult(9, List.of(), List.of());
    assertThatThrownBy(() -> scheduler.completed(stray, now))
        .hasMessageContaining("step 9")
        .hasMessageContaining("none");
    arrive(request("a"));
    plan();
    assertThatThrownBy(() -> scheduler.completed(stray, now)).hasMessageContaining("step 1");
  }

  @Test
  void a_step_that_loses_a_token_is_a_fault() {
    arrive(request("a"));
    var nothing = new StepResult(plan().number(), List.of(), List.of());
    assertThatThrownBy(() -> scheduler.completed(nothing, now))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("request a");
  }

  private void schedule(LimitsBuilder limits) {
    scheduler = new Scheduler(limits.build());
  }

  private Optional<Refusal> arrival(RequestBuilder request) {
    return scheduler.arrived(request.build(), ANY_CREDIT, now);
  }

  private void arrive(RequestBuilder request) {
    arrive(request, ANY_CREDIT);
  }

  private void arrive(RequestBuilder request, int credit) {
    assertThat(scheduler.arrived(request.build(), credit, now)).isEmpty();
  }

  private StepPlan plan() {
    return scheduler.plan(now);
  }

  /** Plans and completes a step; tells what it computed. */
  private List<String> step() {
    StepPlan plan = plan();
    complete(plan);
    return slices(plan);
  }

  private List<TokenEvent> complete(StepPlan plan) {
    var drawn = new ArrayList<StepResult.Drawn>();
    for (StepPlan.Slice slice : plan.slices()) {
      if (slice.draws()) {
        drawn.add(new StepResult.Drawn(slice.request().id(), TOKEN, null, List.of()));
      }
    }
    return scheduler.completed(new StepResult(plan.number(), drawn, List.of()), now);
  }

  private static List<String> slices(StepPlan plan) {
    return plan.slices().stream()
        .map(slice ->
            "%s %d+%d%s"
                .formatted(
                    slice.request().id(),
                    slice.firstPosition(),
                    slice.count(),
                    slice.draws() ? " draws" : ""))
        .toList();
  }

  private static TokenEvent token(String id, int index) {
    return new TokenEvent.Token(new RequestId(id), index, TOKEN, null, List.of());
  }

  private static TokenEvent finished(String id, FinishReason reason, Usage usage) {
    return new TokenEvent.Finished(new RequestId(id), reason, usage);
  }
}

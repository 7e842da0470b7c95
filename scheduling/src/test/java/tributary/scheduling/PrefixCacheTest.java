package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;

class PrefixCacheTest {
  private static final DeltaId TENANT = new DeltaId("tenant");

  private Steps steps = steps(100);

  @Test
  void a_prompt_that_begins_alike_is_computed_from_where_it_differs() {
    run("a", 10, 0);
    arrive("b", 14, 0);
    StepPlan.Slice slice = steps.plan().slices().getFirst();
    assertThat(slice.firstPosition()).as("two whole pages of four").isEqualTo(8);
    assertThat(slice.count()).isEqualTo(6);
  }

  @Test
  void the_last_token_is_always_computed() {
    run("a", 8, 0);
    arrive("b", 8, 0);
    assertThat(first().firstPosition()).isEqualTo(4);
  }

  @Test
  void output_is_found_again_by_the_next_turn() {
    steps.arrive(request("a").prompt(4).maxTokens(9));
    steps.steps(9);
    assertThat(steps.scheduler.prefixes().pagesKept()).as("12 of 13 computed").isEqualTo(3);
  }

  @Test
  void another_tenant_finds_nothing() {
    run("a", 12, 0);
    steps.arrive(request("b").model("other").prompt(12));
    assertThat(first().firstPosition()).isZero();
  }

  @Test
  void other_weights_of_the_same_tenant_find_nothing() {
    run("a", 12, 0);
    arrive("b", 12, 1);
    assertThat(first().firstPosition()).isZero();
  }

  @Test
  void another_precision_finds_nothing_until_it_is_back() {
    steps.scheduler.width(0, 1);
    run("a", 12, 0);
    steps.scheduler.width(0, 2);
    run("b", 12, 0);
    assertThat(steps.scheduler.prefixes().tokensFound()).isZero();
    steps.scheduler.width(0, 1);
    arrive("c", 12, 0);
    assertThat(first().firstPosition()).isEqualTo(8);
  }

  @Test
  void what_was_begun_at_another_precision_is_not_shared() {
    steps.scheduler.width(0, 1);
    steps.arrive(request("a").prompt(3).maxTokens(20));
    steps.step();
    steps.scheduler.width(0, 2);
    steps.steps(19);
    assertThat(steps.scheduler.prefixes().pagesKept()).isZero();
  }

  @Test
  void running_sequences_share_pages_and_neither_takes_them_away() {
    steps.arrive(request("a").prompt(12).maxTokens(30));
    steps.step();
    steps.arrive(request("b").prompt(12).maxTokens(2));
    StepPlan plan = steps.plan();
    List<int[]> tables = plan.slices().stream().map(StepPlan.Slice::pages).toList();
    assertThat(tables.get(0)[0]).isEqualTo(tables.get(1)[0]);
    assertThat(steps.scheduler.load().kvPagesUsed()).isEqualTo(5);
    steps.complete(plan);
    steps.steps(20);
    assertThat(steps.scheduler.live()).hasSize(1);
  }

  @Test
  void kept_pages_are_given_up_when_the_pool_runs_short_the_longest_unused_first() {
    steps = steps(6);
    run("a", 12, 0);
    steps.arrive(request("other").model("other").prompt(13).maxTokens(1));
    steps.step();
    assertThat(steps.scheduler.prefixes().pagesKept()).as("two of a, three of other").isEqualTo(5);
    arrive("b", 16, 0);
    assertThat(first().firstPosition()).as("the end of the chain went first").isEqualTo(8);
  }

  @Test
  void an_unloaded_variant_leaves_nothing_behind() {
    run("a", 12, 7);
    assertThat(steps.scheduler.prefixes().pagesKept()).isEqualTo(3);
    steps.scheduler.unloaded(TENANT, 7);
    assertThat(steps.scheduler.prefixes().pagesKept()).isZero();
    arrive("b", 12, 7);
    assertThat(first().firstPosition()).isZero();
  }

  @Test
  void a_device_that_lost_its_memory_leaves_nothing_behind() {
    run("a", 12, 0);
    assertThat(steps.scheduler.prefixes().pagesKept()).isEqualTo(3);
    steps.scheduler.memoryLost();
    assertThat(steps.scheduler.prefixes().pagesKept()).isZero();
    arrive("b", 12, 0);
    assertThat(first().firstPosition()).isZero();
  }

  @Test
  void what_became_of_pages_is_counted() {
    steps = steps(4);
    run("a", 12, 0);
    run("b", 12, 0);
    assertThat(steps.scheduler.prefixes().sequencesHelped()).isEqualTo(1);
    assertThat(steps.scheduler.prefixes().tokensFound()).isEqualTo(8);
    long reused = steps.scheduler.prefixes().pagesReused();
    steps.arrive(request("other").model("other").prompt(12).maxTokens(1));
    steps.step();
    assertThat(steps.scheduler.prefixes().pagesReused()).isGreaterThan(reused);
  }

  private void run(String id, int prompt, long loading) {
    arrive(id, prompt, loading);
    steps.step();
  }

  private void arrive(String id, int prompt, long loading) {
    steps.arrive(new Arrival(request(id).prompt(prompt).maxTokens(1).build(), 9, loading, 0, null));
  }

  private StepPlan.Slice first() {
    return steps.plan().slices().getFirst();
  }

  private static Steps steps(int kvPages) {
    return new Steps(
        limits().kvPages(kvPages).pageTokens(4).build(),
        new SchedulerRules(new PolicyChoice.FirstCome(), 99, null, SchedulerRules.Prefixes.KEPT));
  }
}

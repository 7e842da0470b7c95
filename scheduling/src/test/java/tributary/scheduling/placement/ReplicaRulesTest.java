package tributary.scheduling.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Bytes;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.ReplicaRules.Change;
import tributary.scheduling.placement.ReplicaRules.Limits;
import tributary.scheduling.placement.ReplicaRules.Variant;

class ReplicaRulesTest {
  private static final long GROW_SECONDS = 10;
  private static final long SHRINK_SECONDS = 60;
  private static final Limits LIMITS =
      new Limits(3, 1_000, seconds(GROW_SECONDS), 200, seconds(SHRINK_SECONDS));

  private final ReplicaRules rules = new ReplicaRules(LIMITS);

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  @Test
  void a_variant_grows_when_it_has_been_hot_without_a_break() {
    var hot = variant(Map.of("a", 1_001L));
    var executors = List.of(executor("a", 1_001), executor("b", 0));
    assertThat(decide(hot, executors, 0)).isEmpty();
    assertThat(decide(hot, executors, GROW_SECONDS - 1)).isEmpty();
    assertThat(decide(hot, executors, GROW_SECONDS)).containsExactly(grow("b"));
  }

  @Test
  void a_break_begins_the_time_anew() {
    var executors = List.of(executor("a", 1_001), executor("b", 0));
    assertThat(decide(variant(Map.of("a", 1_001L)), executors, 0)).isEmpty();
    assertThat(decide(variant(Map.of("a", 1_000L)), executors, 9)).isEmpty();
    assertThat(decide(variant(Map.of("a", 1_001L)), executors, 10)).isEmpty();
    assertThat(decide(variant(Map.of("a", 1_001L)), executors, 19)).isEmpty();
    assertThat(decide(variant(Map.of("a", 1_001L)), executors, 20)).containsExactly(grow("b"));
  }

  @Test
  void it_grows_onto_the_executor_with_the_least_to_do_that_does_not_have_it() {
    var hot = variant(Map.of("a", 4_000L, "b", 10L));
    var executors =
        List.of(executor("a", 4_000), executor("b", 10), executor("c", 300), executor("d", 200));
    assertThat(afterGrowing(hot, executors)).containsExactly(grow("d"));
  }

  @Test
  void it_stays_where_others_have_too_much_to_do_for_it_to_help() {
    var hot = variant(Map.of("a", 2_000L));
    assertThat(afterGrowing(hot, List.of(executor("a", 2_000), executor("b", 1_001)))).isEmpty();
    assertThat(decide(hot, List.of(executor("a", 2_000), executor("b", 1_000)), GROW_SECONDS))
        .containsExactly(grow("b"));
  }

  @Test
  void it_has_no_more_executors_than_it_may_or_than_there_are() {
    var both = variant(Map.of("a", 9_000L, "b", 9_000L));
    assertThat(afterGrowing(both, List.of(executor("a", 9_000), executor("b", 9_000)))).isEmpty();
    var all = variant(Map.of("a", 9_000L, "b", 9_000L, "c", 9_000L));
    assertThat(afterGrowing(all, List.of(executor("d", 0)))).isEmpty();
  }

  @Test
  void with_one_executor_a_variant_nothing_grows() {
    var alone = new ReplicaRules(new Limits(1, 1_000, Nanos.ZERO, 200, Nanos.ZERO));
    var hot = List.of(variant(Map.of("a", 50_000L)));
    assertThat(alone.decide(hot, List.of(executor("b", 0)), seconds(0))).isEmpty();
  }

  @Test
  void each_change_begins_the_times_anew() {
    var hot = variant(Map.of("a", 50_000L));
    var executors = List.of(executor("a", 50_000), executor("b", 0), executor("c", 0));
    assertThat(afterGrowing(hot, executors)).hasSize(1);
    assertThat(decide(hot, executors, GROW_SECONDS + 1)).isEmpty();
    assertThat(decide(hot, executors, 2 * GROW_SECONDS)).isEmpty();
    assertThat(decide(hot, executors, 2 * GROW_SECONDS + 1)).hasSize(1);
  }

  @Test
  void an_executor_that_did_not_take_it_is_asked_again_after_the_others_only() {
    var hot = variant(Map.of("a", 50_000L));
    var executors = List.of(executor("a", 50_000), executor("b", 0), executor("c", 0));
    var asked =
        LongStream.range(0, 60)
            .mapToObj(second -> decide(hot, executors, second))
            .flatMap(List::stream)
            .toList();
    assertThat(asked.subList(0, 4)).containsExactly(grow("b"), grow("c"), grow("b"), grow("c"));
  }

  @Test
  void a_variant_that_has_cooled_down_gives_up_its_idlest_replica_and_never_its_home() {
    var cool = variant(Map.of("a", 0L, "b", 100L, "c", 50L));
    assertThat(decide(cool, List.of(), 0)).isEmpty();
    assertThat(decide(cool, List.of(), SHRINK_SECONDS - 1)).isEmpty();
    assertThat(decide(cool, List.of(), SHRINK_SECONDS))
        .containsExactly(new Change.Shrink("hot", "c"));
    var alone = variant(Map.of("a", 0L));
    assertThat(decide(alone, List.of(), 1_000)).isEmpty();
    assertThat(decide(alone, List.of(), 2_000)).isEmpty();
  }

  @Test
  void between_the_two_thresholds_it_stays_as_it_is() {
    var warm = variant(Map.of("a", 150L, "b", 51L));
    var executors = List.of(executor("a", 150), executor("b", 51), executor("c", 0));
    for (int second = 0; second < 500; second++) {
      assertThat(decide(warm, executors, second)).isEmpty();
    }
  }

  @Test
  void what_is_not_named_any_more_is_forgotten() {
    var hot = variant(Map.of("a", 1_001L));
    var executors = List.of(executor("b", 0));
    assertThat(decide(hot, executors, 0)).isEmpty();
    assertThat(rules.decide(List.of(), executors, seconds(5))).isEmpty();
    assertThat(decide(hot, executors, GROW_SECONDS)).isEmpty();
  }

  @Test
  void limits_that_would_grow_and_shrink_at_once_are_refused() {
    assertThatThrownBy(() -> new Limits(2, 100, Nanos.ZERO, 100, Nanos.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shrink-tokens 100");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void under_steady_load_it_comes_to_rest_and_without_load_it_comes_home(long seed) {
    var random = new SplittableRandom(seed);
    int names = random.nextInt(1, 6);
    long load = random.nextLong(0, 10_000);
    var waiting = new HashMap<>(Map.of("e0", load));
    int changes = 0;
    for (int second = 0; second < 1_000; second++) {
      changes += apply(waiting, names, load, second);
      assertThat(waiting).hasSizeBetween(1, Math.min(names, LIMITS.executorsMax()));
      assertThat(waiting).containsKey("e0");
    }
    assertThat(changes).as("changes under steady load").isEqualTo(waiting.size() - 1);
    for (int second = 1_000; second < 1_300; second++) {
      apply(waiting, names, 0, second);
    }
    assertThat(waiting).containsOnlyKeys("e0");
  }

  /** A cluster that shares the load evenly among the executors of the one variant. */
  private int apply(Map<String, Long> waiting, int names, long load, int second) {
    waiting.replaceAll((_, _) -> load / waiting.size());
    var executors =
        LongStream.range(0, names)
            .mapToObj(i -> executor("e" + i, waiting.getOrDefault("e" + i, 0L)))
            .toList();
    List<Change> changes =
        rules.decide(List.of(new Variant("hot", "e0", waiting)), executors, seconds(second));
    for (Change change : changes) {
      switch (change) {
        case Change.Grow(_, var executor) ->
            assertThat(waiting.put(executor, 0L)).as("already there").isNull();
        case Change.Shrink(_, var executor) ->
            assertThat(waiting.remove(executor)).as("was there").isNotNull();
      }
    }
    return changes.size();
  }

  private List<Change> afterGrowing(Variant variant, List<Executor> executors) {
    assertThat(decide(variant, executors, 0)).isEmpty();
    return decide(variant, executors, GROW_SECONDS);
  }

  private List<Change> decide(Variant variant, List<Executor> executors, long second) {
    return rules.decide(List.of(variant), executors, seconds(second));
  }

  private static Change grow(String executor) {
    return new Change.Grow("hot", executor);
  }

  /** Lives on a. */
  private static Variant variant(Map<String, Long> waiting) {
    return new Variant("hot", "a", waiting);
  }

  private static Executor executor(String name, long waiting) {
    var report = new ExecutorReport(new Bytes(100), new Bytes(0), Map.of("0", waiting));
    return new Executor(name, Set.of("0"), report);
  }

  private static Nanos seconds(long count) {
    return Nanos.ofMillis(count * 1_000);
  }
}

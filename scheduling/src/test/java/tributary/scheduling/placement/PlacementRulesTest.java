package tributary.scheduling.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Bytes;

class PlacementRulesTest {
  private static final PlacementRules RULES = new PlacementRules(3);
  private static final Map<String, Long> NOTHING = Map.of();

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  @Test
  void a_new_part_goes_to_the_executor_with_the_shortest_queue() {
    var busy = executor("busy", 2, report(100, 10, Map.of("0", 400L)));
    var idle = executor("idle", 3, report(100, 10, NOTHING));
    assertThat(RULES.home("new", List.of(busy, idle))).contains("idle");
  }

  @Test
  void a_new_part_goes_where_memory_is_left() {
    var full = executor("full", 2, report(100, 95, NOTHING));
    var roomy = executor("roomy", 4, report(100, 5, NOTHING));
    assertThat(RULES.home("new", List.of(full, roomy))).contains("roomy");
  }

  @Test
  void parts_are_spread_by_memory() {
    var small = executor("small", 3, report(100, 0, NOTHING));
    var large = executor("large", 5, report(200, 0, NOTHING));
    assertThat(RULES.home("new", List.of(small, large))).contains("large");
  }

  @Test
  void a_part_returns_to_where_its_variants_are_loaded() {
    var there = executor("there", 4, report(100, 30, Map.of("x", 0L)));
    var emptier = executor("emptier", 1, report(100, 0, NOTHING));
    assertThat(RULES.home("x", List.of(there, emptier))).contains("there");
  }

  @Test
  void but_not_if_that_carries_far_more_than_another() {
    var there = executor("there", 4, report(100, 30, Map.of("x", 5_000L)));
    var emptier = executor("emptier", 1, report(100, 0, NOTHING));
    assertThat(RULES.home("x", List.of(there, emptier))).contains("emptier");
  }

  @Test
  void an_executor_that_has_told_nothing_yet_takes_parts() {
    var known = executor("known", 3, report(100, 50, NOTHING));
    assertThat(RULES.home("x", List.of(known, executor("new", 0, null)))).contains("new");
    assertThat(RULES.home("x", List.of())).isEmpty();
  }

  @Test
  void what_is_loaded_stays_as_long_as_nobody_is_overloaded() {
    var loaded = IntStream.range(0, 4).boxed().collect(Collectors.toMap(i -> "" + i, _ -> 20L));
    var a = executor("a", 4, report(100, 5, loaded));
    assertThat(RULES.moves(List.of(a, executor("b", 0, null)), Set.of(), Set.of())).isEmpty();
    var idle = executor("a", 4, report(100, 0, NOTHING));
    assertThat(RULES.moves(List.of(idle, executor("b", 0, null)), Set.of(), Set.of())).hasSize(2);
  }

  @Test
  void from_an_overloaded_executor_goes_what_evens_it_out() {
    var queued = Map.of("0", 3_000L, "1", 1_200L, "2", 100L);
    var a = executor("a", 3, report(100, 0, queued));
    var b = executor("b", 0, report(100, 0, NOTHING));
    assertThat(RULES.moves(List.of(a, b), Set.of(), Set.of()))
        .startsWith(new PlacementRules.Move("1", "a", "b"));
  }

  @Test
  void parts_on_their_way_count_and_are_not_moved_again() {
    var a = executor("a", 20, report(100, 0, NOTHING));
    var b = executor("b", 0, report(100, 0, NOTHING));
    var moves = RULES.moves(List.of(a, b), Set.of("0", "1"), Set.of());
    assertThat(moves).hasSize(1);
    assertThat(moves.getFirst().part()).isNotIn("0", "1");
  }

  @Test
  void parts_that_have_just_arrived_stay_and_do_not_count_as_moves() {
    var a = executor("a", 20, report(100, 0, NOTHING));
    var b = executor("b", 0, report(100, 0, NOTHING));
    var moves = RULES.moves(List.of(a, b), Set.of(), Set.of("0", "1"));
    assertThat(moves).hasSize(RULES.movesMax());
    assertThat(moves).extracting(PlacementRules.Move::part).doesNotContain("0", "1");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void rounds_are_bounded_overload_nobody_and_come_to_rest(long seed) {
    var random = new SplittableRandom(seed);
    List<Executor> executors = random(random);
    int rounds = 0;
    List<PlacementRules.Move> moves = RULES.moves(executors, Set.of(), Set.of());
    while (!moves.isEmpty()) {
      assertThat(moves).hasSizeLessThanOrEqualTo(RULES.movesMax());
      PlacementRules.Move first = moves.getFirst();
      assertThat(RULES.home(first.part(), without(first.part(), executors)))
          .as("home of what leaves")
          .isNotEqualTo(Optional.of(first.from()));
      long before = heaviest(executors);
      executors = moved(executors, moves);
      assertThat(heaviest(executors)).isLessThanOrEqualTo(before);
      assertThat(++rounds).as("rounds").isLessThan(200);
      moves = RULES.moves(executors, Set.of(), Set.of());
    }
    assertThat(executors.stream().mapToInt(executor -> executor.parts().size()).sum())
        .isEqualTo(executors.stream().flatMap(e -> e.parts().stream()).distinct().count());
  }

  private static List<Executor> random(SplittableRandom random) {
    var executors = new ArrayList<Executor>();
    int part = 0;
    for (int i = 0; i < 2 + random.nextInt(4); i++) {
      var parts = new HashSet<String>();
      var loaded = new HashMap<String, Long>();
      for (int n = random.nextInt(20); n > 0; n--) {
        parts.add("" + part);
        if (random.nextBoolean()) {
          loaded.put("" + part, (long) random.nextInt(800));
        }
        part++;
      }
      long memory = 50L + random.nextInt(200);
      var report = report(memory, random.nextLong(memory + 1), loaded);
      executors.add(new Executor("e" + i, parts, random.nextInt(5) == 0 ? null : report));
    }
    return executors;
  }

  /** The same while a part is on its way; its queue is still told of where it was. */
  private static List<Executor> without(String part, List<Executor> executors) {
    return executors.stream()
        .map(executor -> {
          var parts = new HashSet<>(executor.parts());
          parts.remove(part);
          return new Executor(executor.name(), parts, executor.report());
        })
        .toList();
  }

  /** The same, with the parts and their queues at their new places. */
  private static List<Executor> moved(List<Executor> executors, List<PlacementRules.Move> moves) {
    var after = new ArrayList<Executor>();
    for (Executor executor : executors) {
      var parts = new HashSet<>(executor.parts());
      var report = executor.report();
      var loaded = new HashMap<>(report == null ? NOTHING : report.loaded());
      for (PlacementRules.Move move : moves) {
        if (move.from().equals(executor.name())) {
          assertThat(parts.remove(move.part())).isTrue();
          loaded.remove(move.part());
        } else if (move.to().equals(executor.name())) {
          parts.add(move.part());
          executors.stream()
              .filter(from -> from.name().equals(move.from()))
              .forEach(from -> loaded.put(move.part(), from.queuedTokens(move.part())));
        }
      }
      after.add(
          new Executor(
              executor.name(),
              parts,
              report == null ? null : new ExecutorReport(report.memory(), report.taken(), loaded)));
    }
    return after;
  }

  private static long heaviest(List<Executor> executors) {
    long largest = PlacementRules.largestMemory(executors);
    return executors.stream()
        .mapToLong(executor -> PlacementRules.burden(executor, largest))
        .max()
        .orElse(0);
  }

  private static Executor executor(String name, int parts, @Nullable ExecutorReport report) {
    return new Executor(
        name, IntStream.range(0, parts).mapToObj(i -> "" + i).collect(Collectors.toSet()), report);
  }

  private static ExecutorReport report(long memory, long taken, Map<String, Long> loaded) {
    return new ExecutorReport(new Bytes(memory), new Bytes(taken), loaded);
  }
}

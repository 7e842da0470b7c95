package tributary.compression.allocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.allocation.Allocation.Choice;
import tributary.compression.allocation.Allocation.Part;

class AllocationTest {
  private static final Part CHEAP = part("cheap", 10, 8, 20, 1);
  private static final Part DEAR = part("dear", 10, 80, 20, 10);

  @Test
  void the_part_that_loses_most_is_served_first() {
    assertThat(Allocation.share(List.of(CHEAP, DEAR), 30)).containsExactly(0, 1);
    assertThat(Allocation.share(List.of(CHEAP, DEAR), 39)).containsExactly(0, 1);
    assertThat(Allocation.share(List.of(CHEAP, DEAR), 40)).containsExactly(1, 1);
  }

  @Test
  void choices_that_are_never_worth_it_are_passed_over() {
    List<Choice> choices =
        List.of(new Choice(30, 1), new Choice(10, 10), new Choice(20, 9), new Choice(20, 12));
    assertThat(Allocation.hull(choices)).containsExactly(1, 0);
  }

  @Test
  void too_small_a_budget_is_refused_with_what_is_needed() {
    assertThatThrownBy(() -> Allocation.share(List.of(CHEAP, DEAR), 19))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("19")
        .hasMessageContaining("20");
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void no_other_choice_of_the_same_size_loses_less(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Part> parts = Stream.generate(() -> halving(random)).limit(4).toList();
    long budget = Allocation.least(parts) + random.nextLong(60);
    int[] chosen = Allocation.share(parts, budget);
    long bytes = 0;
    double loss = 0;
    for (int i = 0; i < chosen.length; i++) {
      bytes += parts.get(i).choices().get(chosen[i]).bytes();
      loss += parts.get(i).choices().get(chosen[i]).loss();
    }
    assertThat(bytes).isLessThanOrEqualTo(budget);
    assertThat(loss).isLessThanOrEqualTo(best(parts, 0, bytes) + 1e-9);
  }

  /** The least loss of parts from {@code first} on within {@code bytes}, by trying all. */
  private static double best(List<Part> parts, int first, long bytes) {
    if (first == parts.size()) {
      return bytes < 0 ? Double.POSITIVE_INFINITY : 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (Choice choice : parts.get(first).choices()) {
      if (choice.bytes() <= bytes) {
        best = Math.min(best, choice.loss() + best(parts, first + 1, bytes - choice.bytes()));
      }
    }
    return best;
  }

  /** Equal steps of size, each of which takes a fixed share of the loss. */
  private static Part halving(SplittableRandom random) {
    double loss = random.nextDouble(1, 100);
    double share = random.nextDouble(0.2, 0.6);
    List<Choice> choices = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      choices.add(new Choice(10L * i, loss));
      loss *= share;
    }
    return new Part("part", choices);
  }

  private static Part part(String name, long bytes, double loss, long more, double less) {
    return new Part(name, List.of(new Choice(bytes, loss), new Choice(more, less)));
  }
}

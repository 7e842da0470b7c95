package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tributary.protocol.DeltaId;
import tributary.protocol.RequestId;

/** What must hold of every plan; checked plan by plan. */
final class PlanRules implements Consumer<StepPlan> {
  /** Where a page stands in a table, and whose. */
  private record Place(DeltaId model, int index) {}

  private final SchedulerLimits limits;
  private final SchedulerRules rules;
  private final Map<RequestId, Integer> computed = new HashMap<>();
  private long number;

  PlanRules(SchedulerLimits limits, SchedulerRules rules) {
    this.limits = limits;
    this.rules = rules;
  }

  @Override
  public void accept(StepPlan plan) {
    assertThat(plan.number()).isEqualTo(++number);
    assertThat(plan.isEmpty()).as("has work, so plans something").isFalse();
    assertThat(plan.tokenCount()).isLessThanOrEqualTo(limits.tokensPerStep());
    assertThat(plan.slices().size()).isLessThanOrEqualTo(limits.runningMax());
    var requests = new HashSet<RequestId>();
    var pages = new HashMap<Integer, Place>();
    for (StepPlan.Slice slice : plan.slices()) {
      assertThat(requests.add(slice.request().id())).as("one slice a sequence").isTrue();
      checkPositions(slice);
      checkPages(slice, pages);
    }
    deltasLieSideBySide(plan);
    assertThat(
            plan.slices().stream()
                .map(slice -> slice.request().model())
                .filter(model -> !model.equals(rules.base()))
                .distinct()
                .count())
        .as("deltas in the batch")
        .isLessThanOrEqualTo(rules.deltasMax());
  }

  private void checkPositions(StepPlan.Slice slice) {
    int before = computed.getOrDefault(slice.request().id(), 0);
    int end = slice.firstPosition() + slice.count();
    assertThat(slice.count()).isPositive();
    boolean startsBehindPrefix =
        rules.prefixes() == SchedulerRules.Prefixes.KEPT
            && slice.firstPosition() % limits.pageTokens() == 0;
    if (!startsBehindPrefix) {
      assertThat(slice.firstPosition()).as("goes on, or starts again").isIn(before, 0);
    }
    assertThat(end).isLessThanOrEqualTo(slice.length());
    assertThat(slice.draws()).isEqualTo(end == slice.length());
    assertThat(slice.length()).isLessThan(limits.contextLength());
    computed.put(slice.request().id(), end);
  }

  /** A page has one holder, unless the holders begin alike and prefixes are kept. */
  private void checkPages(StepPlan.Slice slice, Map<Integer, Place> pages) {
    long positions = (long) slice.pages().length * limits.pageTokens();
    assertThat(positions).isGreaterThanOrEqualTo(slice.firstPosition() + slice.count());
    for (int i = 0; i < slice.pages().length; i++) {
      int page = slice.pages()[i];
      assertThat(page).isBetween(0, limits.kvPages() - 1);
      var place = new Place(slice.request().model(), i);
      Place other = pages.put(page, place);
      if (other != null) {
        assertThat(rules.prefixes()).as("page %d", page).isEqualTo(SchedulerRules.Prefixes.KEPT);
        assertThat(place).as("page %d", page).isEqualTo(other);
        assertThat((i + 1) * limits.pageTokens())
            .as("page %d is shared, so not written", page)
            .isLessThanOrEqualTo(slice.firstPosition());
      }
    }
  }

  private static void deltasLieSideBySide(StepPlan plan) {
    Set<DeltaId> finished = new HashSet<>();
    DeltaId current = plan.slices().getFirst().request().model();
    for (StepPlan.Slice slice : plan.slices()) {
      if (!slice.request().model().equals(current)) {
        finished.add(current);
        current = slice.request().model();
        assertThat(finished).as("rows of %s lie side by side", current).doesNotContain(current);
      }
    }
  }
}

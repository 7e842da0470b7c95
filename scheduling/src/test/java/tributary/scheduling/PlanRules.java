package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tributary.protocol.DeltaId;
import tributary.protocol.RequestId;

/** What must hold of every plan; checked plan by plan. */
final class PlanRules implements Consumer<StepPlan> {
  private final SchedulerLimits limits;
  private final Map<RequestId, Integer> computed = new HashMap<>();
  private long number;

  PlanRules(SchedulerLimits limits) {
    this.limits = limits;
  }

  @Override
  public void accept(StepPlan plan) {
    assertThat(plan.number()).isEqualTo(++number);
    assertThat(plan.isEmpty()).as("has work, so plans something").isFalse();
    assertThat(plan.tokenCount()).isLessThanOrEqualTo(limits.tokensPerStep());
    assertThat(plan.slices().size()).isLessThanOrEqualTo(limits.runningMax());
    var requests = new HashSet<RequestId>();
    var pages = new BitSet();
    for (StepPlan.Slice slice : plan.slices()) {
      assertThat(requests.add(slice.request().id())).as("one slice a sequence").isTrue();
      checkPositions(slice);
      checkPages(slice, pages);
    }
    deltasLieSideBySide(plan);
  }

  private void checkPositions(StepPlan.Slice slice) {
    int before = computed.getOrDefault(slice.request().id(), 0);
    int end = slice.firstPosition() + slice.count();
    assertThat(slice.count()).isPositive();
    assertThat(slice.firstPosition()).as("goes on, or starts again").isIn(before, 0);
    assertThat(end).isLessThanOrEqualTo(slice.length());
    assertThat(slice.draws()).isEqualTo(end == slice.length());
    assertThat(slice.length()).isLessThan(limits.contextLength());
    computed.put(slice.request().id(), end);
  }

  private void checkPages(StepPlan.Slice slice, BitSet pages) {
    long positions = (long) slice.pages().length * limits.pageTokens();
    assertThat(positions).isGreaterThanOrEqualTo(slice.firstPosition() + slice.count());
    for (int page : slice.pages()) {
      assertThat(page).isBetween(0, limits.kvPages() - 1);
      assertThat(pages.get(page)).as("page %d has one holder", page).isFalse();
      pages.set(page);
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

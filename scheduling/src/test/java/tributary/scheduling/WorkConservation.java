package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;

/**
 * What a step may leave unused, and why; judged by the plan, the readers and the gauges, not by
 * what the scheduler knows of itself.
 */
final class WorkConservation implements Consumer<StepPlan> {
  private final SchedulerLimits limits;
  private final SchedulerRules rules;
  private final Map<DeltaId, TenantTerms> terms;
  private final Scheduler scheduler;
  private final Replay replay;

  WorkConservation(
      SchedulerLimits limits,
      SchedulerRules rules,
      Map<DeltaId, TenantTerms> terms,
      Scheduler scheduler,
      Replay replay) {
    this.limits = limits;
    this.rules = rules;
    this.terms = terms;
    this.scheduler = scheduler;
    this.replay = replay;
  }

  @Override
  public void accept(StepPlan plan) {
    Scheduler.Load load = scheduler.load();
    boolean hasTokens = plan.tokenCount() < limits.tokensPerStep();
    boolean hasPages = load.kvPagesUsed() + load.running() <= limits.kvPages();
    if (!hasTokens || !hasPages) {
      return;
    }
    assertThat(plan.slices().size())
        .as("all that run advance, %s, %s", load, rules)
        .isEqualTo(load.running());
    List<GenerationRequest> waiting = waiting(plan);
    if (!waiting.isEmpty() && hasRoom(plan, waiting)) {
      checkPlaces(plan, waiting);
    }
  }

  /** Those that may run, do not, and are not held back by their own tenants' limits. */
  private List<GenerationRequest> waiting(StepPlan plan) {
    var running = new HashSet<RequestId>();
    plan.slices().forEach(slice -> running.add(slice.request().id()));
    return replay.stories().values().stream()
        .filter(story -> !story.isOver() && story.credit() > story.tokens().size())
        .map(Replay.Story::request)
        .filter(request -> !running.contains(request.id()))
        .filter(request -> runningOf(plan, request.model()) < runningMax(request.model()))
        .toList();
  }

  /** Whether places and pages would do for any of those that wait. */
  private boolean hasRoom(StepPlan plan, List<GenerationRequest> waiting) {
    var pages = new HashSet<Integer>();
    for (StepPlan.Slice slice : plan.slices()) {
      for (int page : slice.pages()) {
        pages.add(page);
      }
    }
    int longest = 0;
    for (GenerationRequest request : waiting) {
      int known = request.prompt().count() + replay.story(request.id()).tokens().size();
      longest = Math.max(longest, limits.pagesFor(known));
    }
    int running = plan.slices().size();
    return running < limits.runningMax() && pages.size() + longest + running <= limits.kvPages();
  }

  /** Only who lacks a place for its delta waits, and whoever may not pass such a one. */
  private void checkPlaces(StepPlan plan, List<GenerationRequest> waiting) {
    Set<DeltaId> deltas = new HashSet<>();
    plan.slices().forEach(slice -> deltas.add(slice.request().model()));
    boolean hasBase = rules.base() != null && deltas.remove(rules.base());
    boolean full = deltas.size() >= rules.deltasMax();
    List<DeltaId> placed =
        waiting.stream()
            .map(GenerationRequest::model)
            .filter(id -> !full || deltas.contains(id) || id.equals(rules.base()))
            .toList();
    if (letsPass()) {
      assertThat(placed).as("wait beside places of theirs, base %s, %s", hasBase, plan).isEmpty();
    } else {
      assertThat(placed.size()).as("%s wait for nothing", placed).isLessThan(waiting.size());
    }
  }

  /** Whether nobody whose delta has no place holds up others, however long it waits. */
  private boolean letsPass() {
    return switch (rules.policy()) {
      case PolicyChoice.FirstCome _ -> false;
      case PolicyChoice.LineSkipping skipping ->
          skipping.ageMax().equals(SchedulerPropertiesTest.NEVER);
      case PolicyChoice.Fair fair -> fair.ageMax().equals(SchedulerPropertiesTest.NEVER);
    };
  }

  private static long runningOf(StepPlan plan, DeltaId model) {
    return plan.slices().stream().filter(slice -> slice.request().model().equals(model)).count();
  }

  private int runningMax(DeltaId model) {
    return terms.getOrDefault(model, TenantTerms.DEFAULT).runningMax();
  }
}

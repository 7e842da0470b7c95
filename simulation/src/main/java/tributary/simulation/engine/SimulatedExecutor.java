package tributary.simulation.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import tributary.scheduling.StepExecutor;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/** Draws a token for each slice that is due, at once and without computing anything. */
final class SimulatedExecutor implements StepExecutor {
  /** Any token: where requests end by their length, what is drawn decides nothing. */
  static final ToIntFunction<StepPlan.Slice> ANY = _ -> 0;

  private final ToIntFunction<StepPlan.Slice> tokens;

  SimulatedExecutor(ToIntFunction<StepPlan.Slice> tokens) {
    this.tokens = tokens;
  }

  @Override
  public StepResult execute(StepPlan plan) {
    List<StepPlan.Slice> slices = plan.slices();
    var drawn = new ArrayList<StepResult.Drawn>(slices.size());
    for (StepPlan.Slice slice : slices) {
      if (slice.draws()) {
        drawn.add(
            new StepResult.Drawn(slice.request().id(), tokens.applyAsInt(slice), null, List.of()));
      }
    }
    return new StepResult(plan.number(), drawn, List.of());
  }
}

package tributary.simulation.recording;

import java.util.List;
import java.util.Map;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Tokens;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;

/**
 * What a scheduler lived through.
 *
 * @param inputs in their order, no two at one moment, and none at the moment of a plan
 * @param plans every plan that was made, the empty ones too
 * @param outputs the tokens that were drawn for each request
 */
public record RecordedRun(
    SchedulerLimits limits,
    SchedulerRules rules,
    List<Told> inputs,
    List<Planned> plans,
    Map<RequestId, Tokens> outputs) {
  /** Something that the scheduler was told at a moment. */
  public record Told(Nanos at, SchedulerEvent.Input input) {}

  /**
   * A plan and its step.
   *
   * @param at when it was made
   * @param time that its step took; nothing if it is empty
   */
  public record Planned(Nanos at, Nanos time, List<Slice> slices) {}

  /** What a plan says of a sequence, but for the pages that its cache lies in. */
  public record Slice(RequestId request, int first, int count, boolean draws) {}

  /** The plans' slices, in their order. */
  public List<List<Slice>> decisions() {
    return plans.stream().map(Planned::slices).toList();
  }
}

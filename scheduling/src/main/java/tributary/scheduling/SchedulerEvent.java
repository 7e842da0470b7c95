package tributary.scheduling;

import java.util.List;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/**
 * One call of a scheduler. The same events in the same order, with the same times, always lead to
 * the same plans.
 */
public sealed interface SchedulerEvent {
  /** What a scheduler is told from outside, in whatever order it happens. */
  sealed interface Input extends SchedulerEvent {}

  /** A sequence came, whether or not it was let in. */
  record Arrived(Arrival arrival, boolean accepted, Nanos now) implements Input {}

  record Credited(RequestId request, int tokens, Nanos now) implements Input {}

  record Cancelled(RequestId request) implements Input {}

  record Width(long loading, int width) implements Input {}

  record Unloaded(DeltaId delta, long loading) implements Input {}

  record Agreed(DeltaId delta, TenantTerms terms) implements Input {}

  /**
   * Overdue sequences were looked for.
   *
   * @param events of those that were found
   */
  record Expired(List<TokenEvent> events, Nanos now) implements Input {}

  /** From here on arrivals are refused. */
  record Closed() implements Input {}

  /** A plan was asked for, which may be empty. */
  record Planned(StepPlan plan, Nanos now) implements SchedulerEvent {}

  /**
   * A step came to its end.
   *
   * @param events that its readers are told
   */
  record Completed(StepResult result, List<TokenEvent> events, Nanos now)
      implements SchedulerEvent {}
}

package tributary.simulation.recording;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.scheduling.Journal;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.SchedulerEvent.Arrived;
import tributary.scheduling.SchedulerEvent.Completed;
import tributary.scheduling.SchedulerEvent.Credited;
import tributary.scheduling.SchedulerEvent.Expired;
import tributary.scheduling.SchedulerEvent.Input;
import tributary.scheduling.SchedulerEvent.Planned;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;
import tributary.simulation.recording.RecordedRun.Slice;
import tributary.simulation.recording.RecordedRun.Told;

/**
 * Keeps a run in memory, whole, from the scheduler's first event on. Told by one thread; read when
 * that has come to rest.
 */
public final class RunRecorder implements Journal {
  private final List<Told> inputs = new ArrayList<>();
  private final List<RecordedRun.Planned> plans = new ArrayList<>();
  private final Map<RequestId, List<Integer>> outputs = new HashMap<>();
  private Nanos last = new Nanos(Long.MIN_VALUE);
  private boolean failed;

  @Override
  public void note(SchedulerEvent event) {
    switch (event) {
      case Planned(var plan, var now) ->
          plans.add(new RecordedRun.Planned(at(now), Nanos.ZERO, slices(plan)));
      case Completed completed -> complete(completed);
      case Arrived arrived -> inputs.add(new Told(at(arrived.now()), arrived));
      case Credited credited -> inputs.add(new Told(at(credited.now()), credited));
      case Expired expired -> inputs.add(new Told(at(expired.now()), expired));
      case Input timeless -> inputs.add(new Told(at(last), timeless));
    }
  }

  /** Moments rise, so that each event has a place of its own between the others. */
  private Nanos at(Nanos now) {
    last = now.compareTo(last) > 0 ? now : last.plus(new Nanos(1));
    return last;
  }

  private void complete(Completed completed) {
    RecordedRun.Planned plan = plans.removeLast();
    plans.add(
        new RecordedRun.Planned(plan.at(), at(completed.now()).minus(plan.at()), plan.slices()));
    failed |= !completed.result().failures().isEmpty();
    for (StepResult.Drawn drawn : completed.result().drawn()) {
      outputs.computeIfAbsent(drawn.request(), _ -> new ArrayList<>()).add(drawn.token());
    }
  }

  private static List<Slice> slices(StepPlan plan) {
    return plan.slices().stream()
        .map(slice ->
            new Slice(slice.request().id(), slice.firstPosition(), slice.count(), slice.draws()))
        .toList();
  }

  /** The run so far. */
  public RecordedRun run(SchedulerLimits limits, SchedulerRules rules) {
    if (failed) {
      throw new TributaryException(
          ErrorCode.TRACE_FORMAT,
          "the recorded run has sequences whose steps failed; a run that can be replayed has none");
    }
    Map<RequestId, Tokens> drawn = new HashMap<>();
    outputs.forEach((request, tokens) ->
        drawn.put(request, Tokens.of(tokens.stream().mapToInt(Integer::intValue).toArray())));
    return new RecordedRun(limits, rules, List.copyOf(inputs), List.copyOf(plans), drawn);
  }
}

package tributary.simulation.engine;

import java.util.ArrayList;
import java.util.List;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.protocol.Tokens;
import tributary.scheduling.Scheduler;
import tributary.scheduling.StepPlan;
import tributary.simulation.recording.RecordedRun;
import tributary.simulation.recording.RecordedRun.Slice;
import tributary.simulation.recording.RunRecorder;

/**
 * A recorded run of a live server once more, in the simulator: its scheduler is told what that one
 * was told, at the same moments, and its steps and what lies between them take as long as they did.
 * What it then plans is its own decision.
 */
public final class Replay implements SimulatedDevice.Owner {
  private final RecordedRun run;
  private final VirtualClock clock = new VirtualClock();
  private final RunRecorder recorder = new RunRecorder();
  private final RecordedTimes times = new RecordedTimes();
  private final SimulatedDevice device;

  private Replay(RecordedRun run) {
    this.run = run;
    this.device =
        new SimulatedDevice(
            new Scheduler(run.limits(), run.rules(), recorder),
            new SimulatedExecutor(this::token),
            times,
            clock,
            this);
  }

  /** The plans that the simulator makes where the server made its own. */
  public static List<List<Slice>> decisions(RecordedRun run) {
    return new Replay(run).run().decisions();
  }

  /** The first plan that differs from the server's, in words; empty if none does. */
  public static List<String> differences(RecordedRun run) {
    List<List<Slice>> live = run.decisions();
    List<List<Slice>> here = decisions(run);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < Math.max(live.size(), here.size()) && found.isEmpty(); i++) {
      String then = i < live.size() ? live.get(i).toString() : "none";
      String now = i < here.size() ? here.get(i).toString() : "none";
      if (!then.equals(now)) {
        found.add("plan %d was %s and is %s in the simulator".formatted(i + 1, then, now));
      }
    }
    return found;
  }

  private RecordedRun run() {
    for (RecordedRun.Told told : run.inputs()) {
      clock.at(
          told.at(),
          () -> {
            device.tell(told.input());
            device.goOn();
          });
    }
    while (!times.isOver && clock.runNext(null)) {
      // Everything happens in the events.
    }
    return recorder.run(run.limits(), run.rules());
  }

  /** The token that the server drew there; any where it drew none. */
  private int token(StepPlan.Slice slice) {
    int index = slice.length() - slice.request().prompt().count();
    Tokens drawn = run.outputs().getOrDefault(slice.request().id(), Tokens.EMPTY);
    return index < drawn.count() ? drawn.id(index) : 0;
  }

  @Override
  public void told(TokenEvent event) {}

  @Override
  public void refused(RequestId request) {}

  @Override
  public void stepEnded() {
    device.goOn();
  }

  /** The times of the plans in their order; the run is over when one more is asked for. */
  private final class RecordedTimes implements StepTimer {
    private int asked;
    private boolean isOver;

    @Override
    public Nanos untilPlan() {
      if (asked == run.plans().size()) {
        isOver = true;
        return new Nanos(1);
      }
      Nanos span = run.plans().get(asked++).at().minus(clock.now());
      return span.count() < 0 ? Nanos.ZERO : span;
    }

    @Override
    public Nanos time(StepPlan plan) {
      return run.plans().get(asked - 1).time();
    }
  }
}

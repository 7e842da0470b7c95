package tributary.simulation.validation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.scheduling.Journal;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.SchedulerEvent.Arrived;
import tributary.scheduling.SchedulerEvent.Cancelled;
import tributary.scheduling.SchedulerEvent.Completed;
import tributary.scheduling.SchedulerEvent.Expired;
import tributary.scheduling.SchedulerEvent.Planned;
import tributary.scheduling.StepPlan;
import tributary.simulation.cost.StepWork;

/**
 * What a live server's steps did and how long they took, and the times between them. Told by the
 * device's thread, asked by others.
 */
public final class StepSamples implements Journal {
  /** A step, and what came after it if the next plan followed at once. */
  record Sample(StepWork work, double seconds, int draws, Optional<Double> gapSeconds) {
    /** The same step on a machine that takes so many times as long. */
    Sample times(double factor) {
      return new Sample(work, seconds * factor, draws, gapSeconds.map(gap -> gap * factor));
    }
  }

  /**
   * What a device did for some requests.
   *
   * @param heardIdle when requests were heard that came to an idle device
   * @param ended when the last step of requests was over
   */
  public record Measured(
      List<Sample> samples, Map<RequestId, Nanos> heardIdle, Map<RequestId, Nanos> ended) {}

  private final DeltaId base;
  private final double gigabytes;
  private final List<Sample> samples = new ArrayList<>();
  private final Map<RequestId, Nanos> heardIdle = new HashMap<>();
  private final Map<RequestId, Nanos> ended = new HashMap<>();
  private final Set<RequestId> live = new HashSet<>();
  private @Nullable Planned planned;
  private @Nullable Completed completed;
  private @Nullable Sample last;

  /**
   * @param base whose sequences have no delta
   * @param gigabytes of each tenant's delta, as the simulator will have it
   */
  public StepSamples(DeltaId base, double gigabytes) {
    this.base = base;
    this.gigabytes = gigabytes;
  }

  @Override
  public synchronized void note(SchedulerEvent event) {
    switch (event) {
      case Planned plan -> {
        if (!plan.plan().isEmpty()) {
          begin(plan);
        }
      }
      case Completed end -> complete(end);
      case Arrived arrived -> {
        if (arrived.accepted()) {
          if (live.isEmpty()) {
            heardIdle.put(arrived.arrival().request().id(), arrived.now());
          }
          live.add(arrived.arrival().request().id());
        }
      }
      case Cancelled(var request) -> live.remove(request);
      case Expired(var events, _) -> events.forEach(late -> live.remove(late.request()));
      case SchedulerEvent.Input _ -> {}
    }
  }

  private void begin(Planned plan) {
    if (last != null && completed != null) {
      double gap = plan.now().minus(completed.now()).seconds();
      samples.add(new Sample(last.work, last.seconds, last.draws, Optional.of(gap)));
    }
    last = null;
    planned = plan;
  }

  private void complete(Completed end) {
    Planned begun = planned;
    if (begun == null) {
      return;
    }
    for (TokenEvent event : end.events()) {
      if (!(event instanceof TokenEvent.Token)) {
        live.remove(event.request());
        ended.put(event.request(), end.now());
      }
    }
    double seconds = end.now().minus(begun.now()).seconds();
    var sample =
        new Sample(work(begun.plan()), seconds, end.result().drawn().size(), Optional.empty());
    completed = end;
    if (!live.isEmpty()) {
      last = sample;
    } else {
      samples.add(sample);
    }
  }

  private StepWork work(StepPlan plan) {
    var work = new StepWork();
    Map<DeltaId, Integer> rows = new HashMap<>();
    for (StepPlan.Slice slice : plan.slices()) {
      work.slice(slice.firstPosition(), slice.count(), slice.draws());
      if (!slice.request().model().equals(base)) {
        rows.merge(slice.request().model(), slice.count(), Integer::sum);
      }
    }
    rows.values().forEach(count -> work.delta(gigabytes, count));
    return work;
  }

  /** What was measured since it was last asked, which is forgotten; called while nothing runs. */
  public synchronized Measured take() {
    var measured = new Measured(List.copyOf(samples), Map.copyOf(heardIdle), Map.copyOf(ended));
    samples.clear();
    heardIdle.clear();
    ended.clear();
    last = null;
    return measured;
  }
}

package tributary.simulation.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.scheduling.Scheduler;
import tributary.scheduling.SchedulerEvent.Agreed;
import tributary.scheduling.SchedulerEvent.Arrived;
import tributary.scheduling.SchedulerEvent.Cancelled;
import tributary.scheduling.SchedulerEvent.Closed;
import tributary.scheduling.SchedulerEvent.Credited;
import tributary.scheduling.SchedulerEvent.Expired;
import tributary.scheduling.SchedulerEvent.Input;
import tributary.scheduling.SchedulerEvent.Unloaded;
import tributary.scheduling.SchedulerEvent.Width;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/**
 * The real scheduler in virtual time, driven as the server's device drives it: what comes during a
 * step is heard after it and before the next plan; a plan is asked for after each step and after
 * whatever may have made one possible.
 */
final class SimulatedDevice {
  /** Who is told what becomes of sequences. */
  interface Owner {
    void told(TokenEvent event);

    void refused(RequestId request);

    /** A step has come to an end, its readers know, and what came meanwhile has been heard. */
    void stepEnded();
  }

  private final Scheduler scheduler;
  private final SimulatedExecutor executor;
  private final StepTimer timer;
  private final VirtualClock clock;
  private final Owner owner;
  private final Deque<Input> mailbox = new ArrayDeque<>();
  private boolean stepping;
  private boolean stepWanted;
  private boolean planning;
  private boolean dead;

  SimulatedDevice(
      Scheduler scheduler,
      SimulatedExecutor executor,
      StepTimer timer,
      VirtualClock clock,
      Owner owner) {
    this.scheduler = scheduler;
    this.executor = executor;
    this.timer = timer;
    this.clock = clock;
    this.owner = owner;
  }

  /** Something has happened; the moment that counts is the one at which it is heard. */
  void tell(Input input) {
    if (stepping) {
      mailbox.add(input);
    } else {
      hear(input);
    }
  }

  boolean isStepping() {
    return stepping;
  }

  /** What has come and has not been heard. */
  int unheard() {
    return mailbox.size();
  }

  Scheduler.Load load() {
    return scheduler.load();
  }

  /** Nothing happens from here on, whatever was planned. */
  void die() {
    dead = true;
  }

  /** Goes on to the next step if one is wanted and none is under way. */
  void goOn() {
    if (stepping || planning || !stepWanted) {
      return;
    }
    Nanos span = timer.untilPlan();
    if (span.count() == 0) {
      plan();
      return;
    }
    planning = true;
    clock.after(
        span,
        () -> {
          planning = false;
          if (!dead) {
            plan();
          }
        });
  }

  private void plan() {
    stepWanted = false;
    StepPlan plan = scheduler.plan(clock.now());
    if (plan.isEmpty()) {
      return;
    }
    StepResult result = executor.execute(plan);
    stepping = true;
    clock.after(
        timer.time(plan),
        () -> {
          if (!dead) {
            complete(result);
          }
        });
  }

  private void complete(StepResult result) {
    stepping = false;
    scheduler.completed(result, clock.now()).forEach(owner::told);
    stepWanted = true;
    for (Input input = mailbox.poll(); input != null; input = mailbox.poll()) {
      hear(input);
    }
    owner.stepEnded();
  }

  private void hear(Input input) {
    Nanos now = clock.now();
    switch (input) {
      case Arrived(var arrival, _, _) -> {
        Optional<Refusal> refusal = scheduler.arrived(arrival, now);
        if (refusal.isPresent()) {
          owner.refused(arrival.request().id());
        } else {
          stepWanted = true;
        }
      }
      case Credited(var request, var tokens, _) -> {
        scheduler.credit(request, tokens, now);
        stepWanted = true;
      }
      case Cancelled(var request) -> {
        scheduler.cancelled(request);
        stepWanted = true;
      }
      case Expired _ -> {
        scheduler.expire(now).forEach(owner::told);
        stepWanted = true;
      }
      case Width(var loading, var width) -> scheduler.width(loading, width);
      case Unloaded(var delta, var loading) -> scheduler.unloaded(delta, loading);
      case Agreed(var delta, var terms) -> scheduler.terms(delta, terms);
      case Closed _ -> scheduler.refuseArrivals();
    }
  }
}

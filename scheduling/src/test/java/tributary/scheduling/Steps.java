package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tributary.protocol.Nanos;
import tributary.protocol.TokenEvent;

/** A scheduler and a device that a test leads step by step, a tick each. */
final class Steps {
  final Scheduler scheduler;
  final SchedulerLimits limits;
  Nanos now = Nanos.ofMillis(1_000);
  private final HashingExecutor executor;

  Steps(SchedulerLimits limits, PolicyChoice policy) {
    this(limits, new SchedulerRules(policy, 99, null, SchedulerRules.Prefixes.FORGOTTEN));
  }

  Steps(SchedulerLimits limits, SchedulerRules rules) {
    this.limits = limits;
    scheduler = new Scheduler(limits, rules);
    executor = new HashingExecutor(limits);
  }

  static Nanos ticks(int count) {
    return new Nanos(count * Replay.TICK.count());
  }

  void arrive(RequestBuilder request) {
    arrive(Arrival.of(request.build(), Integer.MAX_VALUE));
  }

  void arrive(Arrival arrival) {
    assertThat(scheduler.arrived(arrival, now)).isEmpty();
  }

  /** Runs a step; names the requests in it. */
  List<String> step() {
    StepPlan plan = plan();
    complete(plan);
    return names(plan);
  }

  StepPlan plan() {
    return scheduler.plan(now);
  }

  List<TokenEvent> complete(StepPlan plan) {
    StepResult result = executor.execute(plan);
    now = now.plus(Replay.TICK);
    return scheduler.completed(result, now);
  }

  void steps(int count) {
    for (int i = 0; i < count; i++) {
      step();
    }
  }

  /** Rows that each tenant gets in so many steps. */
  Map<String, Integer> rows(int count) {
    var rows = new HashMap<String, Integer>();
    for (int i = 0; i < count; i++) {
      StepPlan plan = plan();
      plan.slices()
          .forEach(
              slice -> rows.merge(slice.request().model().name(), slice.count(), Integer::sum));
      complete(plan);
    }
    return rows;
  }

  /** Steps until a request is in one, counting that. */
  int until(String id) {
    for (int i = 1; i < 1_000; i++) {
      if (step().contains(id)) {
        return i;
      }
    }
    throw new AssertionError("request " + id + " does not run");
  }

  static List<String> names(StepPlan plan) {
    return plan.slices().stream().map(slice -> slice.request().id().value()).toList();
  }
}

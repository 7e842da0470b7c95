package tributary.simulation.engine;

import tributary.protocol.Nanos;
import tributary.simulation.statistics.Outcome;

/** What a node, or several, did. */
final class Usage {
  long steps;
  long busy;
  long stalled;
  long diskLoads;
  long deviceLoads;
  long preemptions;
  long evictions;
  long rows;
  long deltas;

  /** A copy with what others have counted. */
  Usage plus(long morePreemptions, long moreEvictions, CostedSteps timed) {
    var sum = new Usage();
    sum.add(this);
    sum.preemptions += morePreemptions;
    sum.evictions += moreEvictions;
    sum.steps += timed.steps();
    sum.busy += timed.busy().count();
    sum.rows += timed.rows();
    sum.deltas += timed.deltas();
    return sum;
  }

  void add(Usage other) {
    steps += other.steps;
    busy += other.busy;
    stalled += other.stalled;
    diskLoads += other.diskLoads;
    deviceLoads += other.deviceLoads;
    preemptions += other.preemptions;
    evictions += other.evictions;
    rows += other.rows;
    deltas += other.deltas;
  }

  /** Over so many nodes and so long. */
  Outcome.Work work(int nodes, Nanos span) {
    double time = Math.max(1, (double) span.count() * nodes);
    double eachStep = Math.max(1, steps);
    return new Outcome.Work(
        steps,
        busy / time,
        stalled / time,
        rows / eachStep,
        deltas / eachStep,
        preemptions,
        diskLoads,
        deviceLoads,
        evictions);
  }
}

package tributary.simulation.engine;

import tributary.protocol.Nanos;
import tributary.scheduling.StepPlan;

/** Says how long steps take, and how long it takes to get to them. */
interface StepTimer {
  /** From a plan until its step has come to an end. */
  Nanos time(StepPlan plan);

  /** From the moment at which a step is asked for until its plan is made. */
  Nanos untilPlan();
}

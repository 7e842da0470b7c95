package tributary.actors;

import java.util.function.Function;
import tributary.protocol.RequestId;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.StepExecutor;

/** The computing half of a node: base, variants and the means to run steps over them. */
interface Engine extends AutoCloseable {
  DeltaStore deltas();

  SchedulerLimits limits();

  /**
   * The executor of the node's device, used by the device's thread only.
   *
   * @param deltaOf the loading that a running sequence uses
   */
  StepExecutor executor(Function<RequestId, LoadedDelta> deltaOf);

  /** Frees everything; nothing may run any more. */
  @Override
  void close();
}

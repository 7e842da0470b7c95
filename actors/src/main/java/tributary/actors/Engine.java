package tributary.actors;

import java.util.Optional;
import java.util.function.Function;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;
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

  /** Says why this engine cannot compute a request at all, if it cannot. */
  default Optional<Refusal> refusal(GenerationRequest request) {
    return Optional.empty();
  }

  /**
   * Makes the device usable again after a step failed, where the failure cost it its memory.
   *
   * @return true when it did: no sequence has keys and values any more, so all must end
   */
  default boolean restart(RuntimeException failure) {
    return false;
  }

  /** Frees everything; nothing may run any more. */
  @Override
  void close();
}

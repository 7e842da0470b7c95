package tributary.compression.quality;

import tributary.model.ForwardPass.LogitsSink;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;

/** A variant that is scored: what computes its steps, and its difference to that model. */
record Subject(Steps steps, ResidentDelta delta) {
  /** Runs one step of a model. */
  @FunctionalInterface
  interface Steps {
    void run(StepBatch batch, LogitsSink sink);
  }
}

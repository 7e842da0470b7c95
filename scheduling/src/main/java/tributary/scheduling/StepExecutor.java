package tributary.scheduling;

/** Runs one plan to completion: a device in production, a cost model in simulation. */
public interface StepExecutor {
  StepResult execute(StepPlan plan) throws InterruptedException;
}

package tributary.benchmarks.engines;

import java.io.IOException;

/** A system that runs models, measured in a process of its own. */
public interface Engine {

  /** Its name in tables. */
  String name();

  /** The path taken through it, and the number formats of weights, activations and KV cache. */
  String arithmetic();

  /** Whether it can do such work at all. */
  boolean does(Work work);

  /** Runs one measurement to its end. */
  TaskResult run(Task task) throws IOException, InterruptedException;
}

package tributary.simulation.engine;

import tributary.protocol.Nanos;

/** Something that goes wrong at a moment of the run. */
public sealed interface Failure {
  int node();

  Nanos from();

  /**
   * A node dies with all it runs and holds, and comes back empty.
   *
   * @param back when it takes requests again
   */
  record NodeDeath(int node, Nanos from, Nanos back) implements Failure {}

  /**
   * A node's disk is slow for a while.
   *
   * @param factor by which loads take longer
   */
  record SlowDisk(int node, Nanos from, Nanos until, double factor) implements Failure {}
}

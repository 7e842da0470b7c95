package tributary.actors;

import tributary.protocol.Nanos;

/** Tells moments of a clock that never goes back. */
@FunctionalInterface
interface MonotonicClock {
  MonotonicClock SYSTEM = () -> new Nanos(System.nanoTime());

  Nanos now();
}

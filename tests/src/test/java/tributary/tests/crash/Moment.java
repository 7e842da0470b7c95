package tributary.tests.crash;

import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** Draws when to kill within something that has been seen to take a time. */
final class Moment {
  private static final long FIRST_NANOS = 50_000_000;

  private final SplittableRandom random;
  private long usualNanos = FIRST_NANOS;

  Moment(SplittableRandom random) {
    this.random = random;
  }

  /** It took so long; the last few count most. */
  void took(long nanos) {
    usualNanos = (3 * usualNanos + nanos) / 4;
  }

  /** Returns at any moment from now until a little after it has usually ended. */
  void await() {
    long until = System.nanoTime() + random.nextLong(usualNanos + usualNanos / 8 + 1);
    for (long now = System.nanoTime(); now < until; now = System.nanoTime()) {
      LockSupport.parkNanos(until - now);
    }
  }
}

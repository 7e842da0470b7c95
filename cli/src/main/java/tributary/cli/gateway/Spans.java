package tributary.cli.gateway;

import java.util.Arrays;

/**
 * How often which span came, in steps of 10 microseconds up to 10 seconds; longer counts as that.
 */
final class Spans {
  private static final long STEP_NANOS = 10_000;
  private static final int STEPS = 1_000_000;

  private final int[] counts = new int[STEPS];
  private long count;

  void add(long nanos) {
    counts[Math.clamp(nanos / STEP_NANOS, 0, STEPS - 1)]++;
    count++;
  }

  void clear() {
    Arrays.fill(counts, 0);
    count = 0;
  }

  long count() {
    return count;
  }

  /** The span that a share of all does not exceed, rounded up to the step; 0 when there is none. */
  double milliseconds(double share) {
    long rank = (long) Math.ceil(share * count);
    long passed = 0;
    for (int step = 0; step < STEPS && rank > 0; step++) {
      passed += counts[step];
      if (passed >= rank) {
        return (step + 1) * STEP_NANOS / 1e6;
      }
    }
    return 0;
  }
}

package tributary.model.sampling;

/** Random numbers that depend on a seed and an index alone, so that any draw can be repeated. */
final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final double UNIT = 0x1.0p-53;

  private CounterRandom() {}

  /** Uniform in [0, 1). */
  static double unit(long seed, int index) {
    long state = mixed(mixed(seed) + GOLDEN_GAMMA * (index + 1L));
    return (state >>> 11) * UNIT;
  }

  /** The finalizer of SplitMix64. */
  private static long mixed(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}

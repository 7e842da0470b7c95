package tributary.benchmarks.engines;

import java.util.Arrays;

/**
 * When each token of a batch appeared, and the decode speed that follows.
 *
 * <p>Speed is taken while every sequence is decoding: from the moment the last of them has its
 * first token, which the prompt yields, to the moment the first of them is done. Each sequence has
 * its own row, so sequences may report from different threads.
 */
final class DecodeClock {
  private final long[][] nanos;
  private final int[] counts;

  DecodeClock(int sequences, int tokens) {
    nanos = new long[sequences][tokens + 1];
    counts = new int[sequences];
  }

  /** Notes a token of a sequence, the first included. */
  void token(int sequence, long nowNanos) {
    nanos[sequence][counts[sequence]++] = nowNanos;
  }

  double tokensPerSecond() {
    for (int sequence = 0; sequence < counts.length; sequence++) {
      if (counts[sequence] != nanos[sequence].length) {
        throw new IllegalStateException("sequence " + sequence + " has " + counts[sequence]
            + " tokens, wanted " + nanos[sequence].length);
      }
    }
    long start = Arrays.stream(nanos).mapToLong(row -> row[0]).max().orElseThrow();
    long end = Arrays.stream(nanos).mapToLong(row -> row[row.length - 1]).min().orElseThrow();
    long decoded =
        Arrays.stream(nanos).flatMapToLong(Arrays::stream).filter(t -> t > start && t <= end)
            .count();
    return decoded * 1e9 / (end - start);
  }
}

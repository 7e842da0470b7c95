package tributary.benchmarks.engines;

import java.util.Arrays;

/**
 * When each sequence's prompt went in and each of its tokens appeared, and the speeds that follow.
 * Each sequence has its own row, so sequences may report from different threads.
 */
final class TokenClock {
  private final long[] begins;
  private final long[][] nanos;
  private final int[] counts;

  TokenClock(int sequences, int tokens) {
    begins = new long[sequences];
    nanos = new long[sequences][tokens + 1];
    counts = new int[sequences];
  }

  /** Notes that a sequence's prompt goes in. */
  void begin(int sequence, long nowNanos) {
    begins[sequence] = nowNanos;
  }

  /** Notes a token of a sequence, the first included, which the prompt yields. */
  void token(int sequence, long nowNanos) {
    nanos[sequence][counts[sequence]++] = nowNanos;
  }

  /** Tokens per second, counted as the work defines it. */
  double tokensPerSecond(Work work) {
    requireAll();
    return switch (work) {
      case Work.Decode _, Work.OneBitDeltas _ -> sideBySide();
      case Work.LoraAdapters _ -> inTurn();
      case Work.Prefill(int promptTokens) -> promptTokens * 1e9 / (nanos[0][0] - begins[0]);
    };
  }

  /**
   * While every sequence is decoding: from the moment the last of them has its first token to the
   * moment the first of them is done.
   */
  private double sideBySide() {
    long start = Arrays.stream(nanos).mapToLong(row -> row[0]).max().orElseThrow();
    long end = Arrays.stream(nanos).mapToLong(row -> row[row.length - 1]).min().orElseThrow();
    long decoded =
        Arrays.stream(nanos).flatMapToLong(Arrays::stream).filter(t -> t > start && t <= end)
            .count();
    return decoded * 1e9 / (end - start);
  }

  /** While any sequence is decoding, one after another. */
  private double inTurn() {
    long busy = Arrays.stream(nanos).mapToLong(row -> row[row.length - 1] - row[0]).sum();
    long decoded = Arrays.stream(nanos).mapToLong(row -> row.length - 1L).sum();
    return decoded * 1e9 / busy;
  }

  private void requireAll() {
    for (int sequence = 0; sequence < counts.length; sequence++) {
      if (counts[sequence] != nanos[sequence].length) {
        throw new IllegalStateException("sequence " + sequence + " has " + counts[sequence]
            + " tokens, wanted " + nanos[sequence].length);
      }
    }
  }
}

package tributary.benchmarks.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast threads together read memory that no cache holds: the bound of decoding one sequence,
 * which reads every weight once a token.
 */
final class MemoryReadSpeed {
  private static final int WORDS_PER_THREAD = 1 << 26; // 512 MiB
  private static final int PASSES = 8;

  private final int threads;

  MemoryReadSpeed(int threads) {
    this.threads = threads;
  }

  /** The best of a few passes, so that the warm-up and the machine's other work count least. */
  double gigabytesPerSecond() throws InterruptedException {
    List<Callable<Long>> readers = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      long[] words = new long[WORDS_PER_THREAD];
      Arrays.fill(words, thread);
      readers.add(() -> sum(words));
    }
    long bytes = (long) threads * WORDS_PER_THREAD * Long.BYTES;
    double best = 0;
    try (var pool = Executors.newFixedThreadPool(threads)) {
      for (int pass = 0; pass < PASSES; pass++) {
        long start = System.nanoTime();
        List<Future<Long>> sums = pool.invokeAll(readers);
        long nanos = System.nanoTime() - start;
        for (int thread = 0; thread < threads; thread++) {
          requireSum(thread, sums.get(thread));
        }
        best = Math.max(best, (double) bytes / nanos);
      }
    }
    return best;
  }

  private static long sum(long[] words) {
    long sum = 0;
    for (long word : words) {
      sum += word;
    }
    return sum;
  }

  private static void requireSum(int thread, Future<Long> sum) throws InterruptedException {
    try {
      if (sum.get() != (long) thread * WORDS_PER_THREAD) {
        throw new AssertionError("thread " + thread + " summed " + sum.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("reading memory failed", e.getCause());
    }
  }
}

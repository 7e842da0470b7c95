package tributary.benchmarks.report;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How fast threads together read memory that no cache holds, as STREAM would: each sums a large
 * piece of its own. That bounds decoding one sequence, which reads every weight once a token.
 */
final class MemoryReadSpeed {
  private static final VectorSpecies<Long> LANES = LongVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final long BYTES_PER_THREAD = 512L << 20;
  private static final int PASSES = 16;

  /**
   * Each thread reads four places at once: more of the memory's lines are then in flight than where
   * one place is read after the other, whose speed stays below the memory's.
   */
  private static final long STREAM_BYTES = BYTES_PER_THREAD / 4;

  private final int threads;

  MemoryReadSpeed(int threads) {
    this.threads = threads;
  }

  /** The best of a few passes, so that the warm-up and the machine's other work count least. */
  double gigabytesPerSecond() throws InterruptedException {
    // Outside the heap, so that the memory is given back before engines run beside this process.
    try (Arena arena = Arena.ofShared();
        var pool = Executors.newFixedThreadPool(threads)) {
      List<Callable<Long>> readers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        MemorySegment piece = arena.allocate(BYTES_PER_THREAD, LANES.vectorByteSize());
        fill(piece, thread);
        readers.add(() -> sum(piece));
      }
      double best = 0;
      for (int pass = 0; pass < PASSES; pass++) {
        long start = System.nanoTime();
        List<Future<Long>> sums = pool.invokeAll(readers);
        long nanos = System.nanoTime() - start;
        for (int thread = 0; thread < threads; thread++) {
          requireSum(thread, sums.get(thread));
        }
        best = Math.max(best, (double) threads * BYTES_PER_THREAD / nanos);
      }
      return best;
    }
  }

  private static void fill(MemorySegment piece, long value) {
    for (long at = 0; at < piece.byteSize(); at += Long.BYTES) {
      piece.set(ValueLayout.JAVA_LONG, at, value);
    }
  }

  private static long sum(MemorySegment piece) {
    LongVector first = LongVector.zero(LANES);
    LongVector second = first;
    LongVector third = first;
    LongVector fourth = first;
    for (long at = 0; at < STREAM_BYTES; at += LANES.vectorByteSize()) {
      first = first.add(lanes(piece, at));
      second = second.add(lanes(piece, at + STREAM_BYTES));
      third = third.add(lanes(piece, at + 2 * STREAM_BYTES));
      fourth = fourth.add(lanes(piece, at + 3 * STREAM_BYTES));
    }
    return first.add(second).add(third.add(fourth)).reduceLanes(VectorOperators.ADD);
  }

  private static LongVector lanes(MemorySegment piece, long at) {
    return LongVector.fromMemorySegment(LANES, piece, at, ORDER);
  }

  private static void requireSum(int thread, Future<Long> sum) throws InterruptedException {
    try {
      if (sum.get() != thread * (BYTES_PER_THREAD / Long.BYTES)) {
        throw new AssertionError("thread " + thread + " summed " + sum.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("reading memory failed", e.getCause());
    }
  }
}

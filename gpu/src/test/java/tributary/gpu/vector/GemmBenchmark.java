package tributary.gpu.vector;

import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import tributary.gpu.Gemm;
import tributary.gpu.Gemm.Extent;

/**
 * Times dense products beside the multiply-adds that the machine does when all operands are in
 * registers. Not a test: run {@link #main} with the number of threads, and compare only figures of
 * one run.
 */
final class GemmBenchmark {
  private static final long EACH_NANOS = Long.getLong("nanos", 1_000_000_000L);
  private static final Extent[] EXTENTS = {
    new Extent(2048, 1024, 384),
    new Extent(2048, 384, 1024),
    new Extent(1024, 1024, 2048),
    new Extent(384, 384, 2048),
    new Extent(128, 384, 384),
    new Extent(1000, 8192, 384),
  };

  private GemmBenchmark() {}

  /** One of the three products. */
  private interface Form {
    void add(float[] out, float[] a, float[] b, Extent extent);
  }

  public static void main(String[] arguments) {
    int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
    try (VectorBackend backend = VectorBackend.create(threads, "benchmark")) {
      double peak = peak(threads);
      System.out.printf("%s%npeak %.1f GFLOP/s%n", backend.description(), peak);
      Gemm gemm = backend.gemm();
      for (Extent extent : EXTENTS) {
        time("a b^T", gemm::addTransposed, extent, peak);
        time("a b", gemm::add, extent, peak);
        time("a^T b", gemm::addGram, extent, peak);
      }
    }
  }

  private static void time(String name, Form form, Extent extent, double peak) {
    float[] out = new float[extent.m() * extent.n()];
    float[] a = values(extent.m() * extent.k());
    float[] b = values(extent.n() * extent.k());
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + EACH_NANOS;
    while (System.nanoTime() < end) {
      long start = System.nanoTime();
      form.add(out, a, b, extent);
      best = Math.min(best, System.nanoTime() - start);
    }
    double flops = 2.0 * extent.m() * extent.n() * extent.k() / best;
    System.out.printf(
        "%-6s m=%-5d n=%-5d k=%-5d %8.0f us %7.1f GFLOP/s %4.0f%% of peak%n",
        name, extent.m(), extent.n(), extent.k(), best / 1e3, flops, 100 * flops / peak);
  }

  private static float[] values(int count) {
    var random = new SplittableRandom(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  /** Floating-point operations a nanosecond when every thread adds products in registers. */
  private static double peak(int threads) {
    int steps = 1 << 20;
    long best = Long.MAX_VALUE;
    float[] sums = new float[threads];
    try (WorkerTeam team = WorkerTeam.start(threads)) {
      for (int i = 0; i < 60; i++) {
        long start = System.nanoTime();
        team.run(threads, (chunk, _) -> sums[chunk] = inRegisters(steps));
        best = Math.min(best, System.nanoTime() - start);
      }
    }
    return 2.0 * 10 * Lanes.COUNT * steps * threads / best;
  }

  private static float inRegisters(int steps) {
    FloatVector x = FloatVector.broadcast(Lanes.FLOATS, 0.999f);
    FloatVector s0 = x;
    FloatVector s1 = x;
    FloatVector s2 = x;
    FloatVector s3 = x;
    FloatVector s4 = x;
    FloatVector s5 = x;
    FloatVector s6 = x;
    FloatVector s7 = x;
    FloatVector s8 = x;
    FloatVector s9 = x;
    for (int i = 0; i < steps; i++) {
      s0 = x.fma(x, s0);
      s1 = x.fma(x, s1);
      s2 = x.fma(x, s2);
      s3 = x.fma(x, s3);
      s4 = x.fma(x, s4);
      s5 = x.fma(x, s5);
      s6 = x.fma(x, s6);
      s7 = x.fma(x, s7);
      s8 = x.fma(x, s8);
      s9 = x.fma(x, s9);
    }
    FloatVector all = s0.add(s1).add(s2).add(s3).add(s4).add(s5).add(s6).add(s7).add(s8).add(s9);
    return Lanes.sum(all);
  }
}

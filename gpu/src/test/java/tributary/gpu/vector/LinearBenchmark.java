package tributary.gpu.vector;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import jdk.incubator.vector.IntVector;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/**
 * Times the linear layer on shapes of real models, beside the bandwidth that the machine gives to a
 * plain sum over memory. Not a test: run {@link #main} with the number of threads and perhaps
 * shapes, and compare only figures of one run.
 */
final class LinearBenchmark {
  private static final int PLANES = 2;
  private static final long SECONDS_EACH_NANOS = Long.getLong("nanos", 1_500_000_000L);
  private static final SplittableRandom RANDOM = new SplittableRandom(1);

  private LinearBenchmark() {}

  public static void main(String[] arguments) {
    int threads = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2;
    try (Arena arena = Arena.ofShared();
        VectorBackend backend = VectorBackend.create(threads, "benchmark")) {
      double bandwidth = bandwidth(arena.allocate(1L << 29, 64), threads);
      System.out.printf("%s%nmemory %.1f GB/s%n", backend.description(), bandwidth / 1e9);
      System.out.println(
          "outputs x inputs   rows tenants   us/call    GB/s  of memory  GFLOP/s  B/call");
      for (int[] shape : shapes(arguments)) {
        WeightMatrix weight = weight(arena, backend, shape[0], shape[1]);
        var deltas = new ArrayList<DeltaMatrix>();
        for (int tenant = 0; tenant < 8; tenant++) {
          deltas.add(delta(arena, backend, shape[0], shape[1]));
        }
        for (int rows : new int[] {1, 8, 64}) {
          time(backend, weight, rows, List.of(), bandwidth);
        }
        time(backend, weight, 1, deltas.subList(0, 1), bandwidth);
        time(backend, weight, 8, deltas, bandwidth);
        deltas.forEach(DeltaMatrix::close);
      }
    }
  }

  /** Those named after the threads, such as 5632x2048, or those of two models. */
  private static int[][] shapes(String[] arguments) {
    if (arguments.length < 2) {
      return new int[][] {{5632, 2048}, {2048, 5632}, {32000, 2048}, {1024, 384}, {384, 384}};
    }
    return Arrays.stream(arguments)
        .skip(1)
        .map(shape -> Arrays.stream(shape.split("x", 2)).mapToInt(Integer::parseInt).toArray())
        .toArray(int[][]::new);
  }

  private static void time(
      Backend backend, WeightMatrix weight, int rows, List<DeltaMatrix> deltas, double bandwidth) {
    Activations x = backend.activations(rows, weight.columns());
    Activations out = backend.activations(rows, weight.rows());
    for (int row = 0; row < rows; row++) {
      float[] values = new float[weight.columns()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) RANDOM.nextDouble(-1, 1);
      }
      x.writeRow(row, values);
    }
    var runs = new ArrayList<RowRun<DeltaMatrix>>();
    for (int row = 0; row < deltas.size(); row++) {
      runs.add(new RowRun<>(row, 1, deltas.get(row)));
    }
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    long allocated = 0;
    long end = System.nanoTime() + SECONDS_EACH_NANOS;
    for (int i = 0; i < 200 || System.nanoTime() < end; i++) {
      long before = memory.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      backend.linear().apply(out, x, weight, runs);
      best = Math.min(best, System.nanoTime() - start);
      allocated = memory.getCurrentThreadAllocatedBytes() - before;
    }
    double elements = (double) weight.rows() * weight.columns();
    double bytes = elements * 2 + deltas.size() * elements * PLANES / 8;
    double flops = elements * 2 * rows + deltas.size() * elements * PLANES * 2;
    System.out.printf(
        "%7d x %-7d %6d %7d %9.1f %7.1f %9.0f%% %8.1f %7d%n",
        weight.rows(),
        weight.columns(),
        rows,
        deltas.size(),
        best / 1e3,
        bytes / best,
        100 * bytes / best * 1e9 / bandwidth,
        flops / best,
        allocated);
  }

  private static WeightMatrix weight(Arena arena, Backend backend, int rows, int columns) {
    MemorySegment data = arena.allocate(2L * rows * columns, 64);
    for (long i = 0; i < (long) rows * columns; i++) {
      int bits = Float.floatToRawIntBits((float) RANDOM.nextDouble(-0.1, 0.1));
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
    }
    return backend.matrix(new TensorView(DType.BF16, Shape.of(rows, columns), data));
  }

  private static DeltaMatrix delta(Arena arena, Backend backend, int rows, int columns) {
    var planes = new ArrayList<SignPlanes.Plane>();
    for (int plane = 0; plane < PLANES; plane++) {
      MemorySegment signs = arena.allocate(SignPlanes.planeBytes(rows, columns).count(), 64);
      for (long i = 0; i < signs.byteSize() / 8; i++) {
        signs.setAtIndex(ValueLayout.JAVA_LONG, i, RANDOM.nextLong());
      }
      planes.add(new SignPlanes.Plane(signs, new float[] {0.01f}));
    }
    return backend.delta(new DeltaTensor.Coded(new SignPlanes(rows, columns, planes), null, null));
  }

  /** Bytes a second when every thread sums its share of a segment. */
  private static double bandwidth(MemorySegment segment, int threads) {
    segment.fill((byte) 1);
    int part = 1 << 20;
    int parts = (int) (segment.byteSize() / part);
    long best = Long.MAX_VALUE;
    int[] sums = new int[parts];
    try (WorkerTeam team = WorkerTeam.start(threads)) {
      for (int i = 0; i < 20; i++) {
        long start = System.nanoTime();
        team.run(parts, (chunk, _) -> sums[chunk] = sum(segment, (long) chunk * part, part));
        best = Math.min(best, System.nanoTime() - start);
      }
    }
    return segment.byteSize() * 1e9 / best;
  }

  private static int sum(MemorySegment segment, long first, int bytes) {
    int step = Lanes.COUNT * 4;
    IntVector a = IntVector.zero(Lanes.INTS);
    IntVector b = IntVector.zero(Lanes.INTS);
    for (int i = 0; i < bytes; i += 2 * step) {
      long at = first + i;
      a = a.add(IntVector.fromMemorySegment(Lanes.INTS, segment, at, ByteOrder.LITTLE_ENDIAN));
      b =
          b.add(
              IntVector.fromMemorySegment(Lanes.INTS, segment, at + step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).lane(0);
  }
}

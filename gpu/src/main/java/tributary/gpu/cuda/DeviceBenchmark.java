package tributary.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tributary.gpu.cuda.blas.Cublas;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;

/** What a device can do at most: moving bytes, and products of matrices by cuBLAS. */
public final class DeviceBenchmark {
  private static final long DEVICE_BYTES = 8L << 30;
  private static final long HOST_BYTES = 1L << 30;
  private static final int REPEATS = 7;
  private static final int READ_THREADS = 512;
  private static final int READ_BLOCKS_PER_MULTIPROCESSOR = 4;
  private static final int RANDOM_MASK = 0x80FF80FF;
  private static final int RANDOM_BASE = 0x3C003C00;

  private static final List<Cublas.Extent> PRODUCTS =
      List.of(
          new Cublas.Extent(8192, 8192, 8192),
          new Cublas.Extent(2048, 11008, 4096),
          new Cublas.Extent(2048, 4096, 11008),
          new Cublas.Extent(256, 11008, 4096));

  /**
   * What was measured; rates are medians.
   *
   * @param copyGigabytesPerSecond bytes read and bytes written, added up
   */
  public record Report(
      String device,
      int multiprocessors,
      long memoryBytes,
      double readGigabytesPerSecond,
      double copyGigabytesPerSecond,
      double pinnedToDeviceGigabytesPerSecond,
      double pageableToDeviceGigabytesPerSecond,
      double deviceToPinnedGigabytesPerSecond,
      double emptyLaunchMicroseconds,
      String products,
      List<Product> bf16Products) {}

  /** A product of bf16 matrices by cuBLAS. */
  public record Product(int m, int n, int k, double milliseconds, double teraflopsPerSecond) {}

  private final CudaDevice device;
  private final Driver driver;
  private final long stream;

  private DeviceBenchmark(CudaDevice device, long stream) {
    this.device = device;
    this.driver = device.driver();
    this.stream = stream;
  }

  static Report run(CudaDevice device) {
    long stream = device.driver().createStream();
    try {
      return new DeviceBenchmark(device, stream).run();
    } finally {
      device.driver().destroyStream(stream);
    }
  }

  private Report run() {
    DeviceFacts facts = driver.facts();
    double[] transfers = transfers();
    try (DeviceArena arena = new DeviceArena(driver, "benchmark")) {
      long memory = arena.allocate(DEVICE_BYTES);
      long result = arena.allocate(Integer.BYTES);
      device.uploader().random(memory, DEVICE_BYTES, 1, -1, 0);
      device.uploader().finish();
      double read = milliseconds(() -> read(memory, DEVICE_BYTES, result));
      long half = DEVICE_BYTES / 2;
      double copy = milliseconds(() -> driver.copyOnDevice(memory + half, memory, half, stream));
      double launch = milliseconds(() -> read(memory, 0, result));
      List<Product> products = new ArrayList<>();
      String library =
          Cublas.open(stream)
              .map(blas -> {
                try (blas) {
                  PRODUCTS.forEach(extent -> products.add(product(blas, memory, extent)));
                  return blas.library();
                }
              })
              .orElse("cuBLAS is not installed");
      return new Report(
          facts.name(),
          facts.multiprocessors(),
          facts.memory().count(),
          rate(DEVICE_BYTES, read),
          rate(DEVICE_BYTES, copy),
          transfers[0],
          transfers[1],
          transfers[2],
          launch * 1e3,
          library,
          products);
    }
  }

  private void read(long memory, long bytes, long result) {
    int blocks = driver.facts().multiprocessors() * READ_BLOCKS_PER_MULTIPROCESSOR;
    new Launcher(driver, device.kernels(), stream)
        .waiting(
            "read_all",
            "read_all",
            LaunchShape.of(blocks, READ_THREADS),
            new Arguments().address(result).address(memory).address(bytes / 16));
  }

  /** Host to device from pinned and from pageable memory, and back to pinned. */
  private double[] transfers() {
    MemorySegment pinned = driver.allocatePinned(HOST_BYTES);
    try (DeviceArena arena = new DeviceArena(driver, "benchmark");
        Arena host = Arena.ofConfined()) {
      long memory = arena.allocate(HOST_BYTES);
      MemorySegment pageable = host.allocate(HOST_BYTES, Long.BYTES);
      pinned.fill((byte) 1);
      pageable.fill((byte) 1);
      return new double[] {
        rate(HOST_BYTES, milliseconds(() -> driver.copyToDevice(memory, pinned, stream))),
        rate(HOST_BYTES, milliseconds(() -> driver.copyToDevice(memory, pageable, stream))),
        rate(HOST_BYTES, milliseconds(() -> driver.copyToHost(pinned, memory, stream)))
      };
    } finally {
      driver.freePinned(pinned);
    }
  }

  private Product product(Cublas blas, long memory, Cublas.Extent extent) {
    long x = memory;
    long w = x + 2L * extent.m() * extent.k();
    long out = w + 2L * extent.n() * extent.k();
    device.uploader().random(memory, out - memory, 2, RANDOM_MASK, RANDOM_BASE);
    device.uploader().finish();
    double milliseconds = milliseconds(() -> blas.multiplyTransposed(out, x, w, extent));
    double operations = 2.0 * extent.m() * extent.n() * extent.k();
    return new Product(
        extent.m(), extent.n(), extent.k(), milliseconds, operations / milliseconds / 1e9);
  }

  /** The median over repeats, after one that does not count. */
  private double milliseconds(Runnable work) {
    long from = driver.createEvent();
    long to = driver.createEvent();
    double[] times = new double[REPEATS];
    for (int i = -1; i < REPEATS; i++) {
      driver.recordEvent(from, stream);
      work.run();
      driver.recordEvent(to, stream);
      driver.awaitEvent(to);
      if (i >= 0) {
        times[i] = driver.milliseconds(from, to);
      }
    }
    driver.destroyEvent(from);
    driver.destroyEvent(to);
    Arrays.sort(times);
    return times[REPEATS / 2];
  }

  private static double rate(long bytes, double milliseconds) {
    return bytes / milliseconds / 1e6;
  }
}

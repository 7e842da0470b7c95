package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import tributary.gpu.cuda.driver.Driver;

/**
 * Buffers through which bytes go to the device in turn: while one is packed, the next is on the
 * bus, and a third is filled. What lies in {@link PinnedMemory} is not filled in anywhere: the bus
 * takes it from where it is.
 */
final class StagingRing implements AutoCloseable {
  /** Of one buffer. */
  static final int BYTES = 8 << 20;

  private static final int BUFFERS = 8;

  /** Several threads fill a buffer, each so many bytes of it: one alone is slower than the bus. */
  private static final long STRETCH_BYTES = 256 << 10;

  private final Driver driver;
  private final PinnedMemory pinned;
  private final long copies;
  private final long packing;
  private final DeviceArena arena;
  private final Buffer[] buffers;
  private int next;

  /**
   * @param packing the stream of those who use what arrives
   */
  StagingRing(Driver driver, PinnedMemory pinned, long packing) {
    this.driver = driver;
    this.pinned = pinned;
    this.copies = driver.createStream();
    this.packing = packing;
    this.arena = new DeviceArena(driver, "staging");
    this.buffers = IntStream.range(0, BUFFERS).mapToObj(_ -> new Buffer()).toArray(Buffer[]::new);
  }

  /** A buffer of the host and one of the device. */
  final class Buffer {
    private final MemorySegment host = driver.allocatePinned(BYTES);
    private final long device = arena.allocate(BYTES);
    private final long arrived = driver.createEvent();
    private final long free = driver.createEvent();

    private Buffer() {
      driver.recordEvent(free, copies);
    }

    /** To be filled by who took it. */
    MemorySegment host() {
      return host;
    }

    /** Where its bytes are on the device. */
    long device() {
      return device;
    }

    /** Starts to bring bytes that were filled in. */
    void bring(long bytes) {
      driver.copyToDevice(device, host.asSlice(0, bytes), copies);
    }

    /** Starts to bring bytes to the device's buffer, {@code to} bytes behind its begin. */
    void bring(long to, MemorySegment from) {
      copy(device + to, reachable(to, from));
    }

    private MemorySegment reachable(long to, MemorySegment from) {
      if (pinned.covers(from)) {
        return from;
      }
      MemorySegment filled = host.asSlice(to, from.byteSize());
      fill(filled, from);
      return filled;
    }

    private void copy(long address, MemorySegment from) {
      driver.copyToDevice(address, from, copies);
    }

    /** What is launched on the packing stream from now on sees what was brought. */
    void arrive() {
      driver.recordEvent(arrived, copies);
      driver.await(arrived, packing);
    }

    /** It may be taken again after what has been launched. */
    void packed() {
      driver.recordEvent(free, packing);
    }
  }

  /** The next buffer, once what was in it has been used. */
  Buffer take() {
    Buffer buffer = buffers[next];
    next = (next + 1) % BUFFERS;
    driver.awaitEvent(buffer.free);
    return buffer;
  }

  /** Copies any number of bytes to the device as they are. */
  void copy(long to, MemorySegment from) {
    for (long at = 0; at < from.byteSize(); at += BYTES) {
      Buffer buffer = take();
      MemorySegment piece = from.asSlice(at, Math.min(BYTES, from.byteSize() - at));
      buffer.copy(to + at, buffer.reachable(0, piece));
      driver.recordEvent(buffer.free, copies);
    }
  }

  /** Waits until everything has arrived. */
  void finish() {
    driver.synchronize(copies);
  }

  private static void fill(MemorySegment to, MemorySegment from) {
    long bytes = from.byteSize();
    if (bytes <= STRETCH_BYTES) {
      to.copyFrom(from);
      return;
    }
    LongStream.range(0, Math.ceilDiv(bytes, STRETCH_BYTES))
        .map(stretch -> stretch * STRETCH_BYTES)
        .parallel()
        .forEach(begin ->
            MemorySegment.copy(from, begin, to, begin, Math.min(STRETCH_BYTES, bytes - begin)));
  }

  @Override
  public void close() {
    for (Buffer buffer : buffers) {
      driver.freePinned(buffer.host);
      driver.destroyEvent(buffer.arrived);
      driver.destroyEvent(buffer.free);
    }
    arena.close();
    driver.destroyStream(copies);
  }
}

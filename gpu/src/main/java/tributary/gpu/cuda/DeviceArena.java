package tributary.gpu.cuda;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.cuda.driver.CudaException;
import tributary.gpu.cuda.driver.Driver;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Device memory that is given back all at once. Small pieces are cut from blocks, large ones are
 * blocks of their own; a piece is aligned to 256 bytes and lives as long as its arena.
 */
final class DeviceArena implements AutoCloseable {
  private static final long BLOCK = 8L << 20;
  private static final long ALIGNMENT = 256;

  private final Driver driver;
  private final String purpose;
  private final long expected;
  private final List<Long> blocks = new ArrayList<>();
  private long next;
  private long end;
  private long taken;

  /**
   * @param purpose named when there is no memory left
   */
  DeviceArena(Driver driver, String purpose) {
    this(driver, purpose, Bytes.ZERO);
  }

  /**
   * @param expected bytes that all pieces are going to take, about; the first block holds as many,
   *     for each block takes its time
   */
  DeviceArena(Driver driver, String purpose, Bytes expected) {
    this.driver = driver;
    this.purpose = purpose;
    this.expected = expected.count();
  }

  /**
   * The address of a piece of this size.
   *
   * @throws TributaryException {@code device_memory}
   */
  long allocate(long bytes) {
    long size = Math.max(ALIGNMENT, Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT);
    if (next + size > end) {
      long block = blocks.isEmpty() ? Math.max(BLOCK, expected) : BLOCK;
      if (size > block / 2) {
        return take(size);
      }
      next = take(block);
      end = next + block;
    }
    long address = next;
    next += size;
    return address;
  }

  /** Memory taken from the device. */
  Bytes size() {
    return new Bytes(taken);
  }

  private long take(long bytes) {
    try {
      long block = driver.allocate(bytes);
      blocks.add(block);
      taken += bytes;
      return block;
    } catch (CudaException e) {
      if (!e.isOutOfMemory()) {
        throw e;
      }
      throw new TributaryException(
          ErrorCode.DEVICE_MEMORY,
          "%s: %d more bytes do not fit into the memory of %s (%d bytes); lower device.kv-memory or load fewer variants"
              .formatted(purpose, bytes, driver.facts().name(), driver.facts().memory().count()),
          e);
    }
  }

  /** Forgets its memory, which is gone with the device's context. */
  void forget() {
    blocks.clear();
    next = 0;
    end = 0;
    taken = 0;
  }

  @Override
  public void close() {
    blocks.forEach(driver::free);
    blocks.clear();
    next = 0;
    end = 0;
  }
}

package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.gpu.cuda.driver.CudaException;
import tributary.gpu.cuda.driver.Driver;

/**
 * Memory of the host that the bus reads where it is, since the system neither moves it nor takes it
 * back: read-only mappings of files, and other native memory.
 */
final class PinnedMemory {
  private static final Logger LOG = LoggerFactory.getLogger(PinnedMemory.class);

  private final Driver driver;
  private final ConcurrentNavigableMap<Long, MemorySegment> ranges = new ConcurrentSkipListMap<>();

  PinnedMemory(Driver driver) {
    this.driver = driver;
  }

  /**
   * Pins memory that nothing else of this process has pinned, until the result is closed; that must
   * come before the memory's end. Where the system refuses, the memory stays as it is.
   */
  Runnable pin(MemorySegment memory) {
    try {
      driver.pin(memory);
    } catch (CudaException e) {
      LOG.warn(
          "{} bytes of RAM cannot be pinned, so that loads from there take several times as long: {}",
          memory.byteSize(),
          e.getMessage());
      return () -> {};
    }
    ranges.put(memory.address(), memory);
    return () -> unpin(memory);
  }

  private void unpin(MemorySegment memory) {
    if (ranges.remove(memory.address(), memory)) {
      try {
        driver.unpin(memory);
      } catch (CudaException e) {
        // Of a device that has failed; its end takes the pins along, and the memory goes its way.
        LOG.warn("{} bytes of RAM may stay pinned: {}", memory.byteSize(), e.getMessage());
      }
    }
  }

  /** True when all of it is pinned. */
  boolean covers(MemorySegment memory) {
    if (!memory.isNative()) {
      return false;
    }
    var range = ranges.floorEntry(memory.address());
    return range != null
        && memory.address() + memory.byteSize() <= range.getKey() + range.getValue().byteSize();
  }

  /** Nothing is pinned any more, the device's context being gone. */
  void forget() {
    ranges.clear();
  }
}

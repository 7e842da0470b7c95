package tributary.gpu.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The driver's calls that JCuda does not have: launches with clusters and with overlap.
 *
 * <p>Layout of {@code CUlaunchConfig} (56 bytes): grid x, y, z; block x, y, z; shared bytes (7 ints
 * from 0); padding; stream at 32; attributes at 40; their number at 48. Of {@code
 * CUlaunchAttribute} (72 bytes): id at 0; value at 8.
 */
final class LaunchExtension {
  private static final int CONFIG_BYTES = 56;
  private static final int STREAM = 32;
  private static final int ATTRIBUTES = 40;
  private static final int ATTRIBUTE_COUNT = 48;
  private static final int ATTRIBUTE_BYTES = 72;
  private static final int VALUE = 8;
  private static final int ATTRIBUTES_MAX = 2;
  private static final int CLUSTER_DIMENSION = 4;
  private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

  private final MethodHandle launchKernelEx;
  private final MethodHandle maxActiveClusters;

  private LaunchExtension(MethodHandle launchKernelEx, MethodHandle maxActiveClusters) {
    this.launchKernelEx = launchKernelEx;
    this.maxActiveClusters = maxActiveClusters;
  }

  /**
   * Finds the calls in a driver.
   *
   * @throws java.util.NoSuchElementException when it is too old to have them
   */
  @SuppressWarnings("restricted") // Start scripts and tests allow native access.
  static LaunchExtension find(SymbolLookup library) {
    Linker linker = Linker.nativeLinker();
    return new LaunchExtension(
        linker.downcallHandle(
            library.findOrThrow("cuLaunchKernelEx"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS)),
        linker.downcallHandle(
            library.findOrThrow("cuOccupancyMaxActiveClusters"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS)));
  }

  /** Returns the driver's status. */
  int launch(long function, LaunchShape shape, Arguments arguments, long stream) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          launchKernelEx.invokeExact(
              config(arena, shape, stream), function, arguments.table(arena), MemorySegment.NULL);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native call throws nothing", e);
    }
  }

  /** Returns the driver's status; the number of clusters goes to {@code clusters[0]}. */
  int clustersAtOnce(int[] clusters, long function, LaunchShape shape) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      int status = (int) maxActiveClusters.invokeExact(count, function, config(arena, shape, 0));
      clusters[0] = count.get(ValueLayout.JAVA_INT, 0);
      return status;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native call throws nothing", e);
    }
  }

  private static MemorySegment config(Arena arena, LaunchShape shape, long stream) {
    MemorySegment attributes =
        arena.allocate(
            MemoryLayout.sequenceLayout(
                (long) ATTRIBUTES_MAX * ATTRIBUTE_BYTES / Long.BYTES, ValueLayout.JAVA_LONG));
    int count = 0;
    if (shape.overlaps()) {
      long at = (long) ATTRIBUTE_BYTES * count++;
      attributes.set(ValueLayout.JAVA_INT, at, PROGRAMMATIC_STREAM_SERIALIZATION);
      attributes.set(ValueLayout.JAVA_INT, at + VALUE, 1);
    }
    if (shape.cluster() > 1) {
      long at = (long) ATTRIBUTE_BYTES * count++;
      attributes.set(ValueLayout.JAVA_INT, at, CLUSTER_DIMENSION);
      attributes.set(ValueLayout.JAVA_INT, at + VALUE, shape.cluster());
      attributes.set(ValueLayout.JAVA_INT, at + VALUE + Integer.BYTES, 1);
      attributes.set(ValueLayout.JAVA_INT, at + VALUE + 2 * Integer.BYTES, 1);
    }
    MemorySegment config = arena.allocate(CONFIG_BYTES, Long.BYTES);
    int[] sizes = {
      shape.grid().x(), shape.grid().y(), shape.grid().z(), shape.block(), 1, 1, shape.sharedBytes()
    };
    MemorySegment.copy(sizes, 0, config, ValueLayout.JAVA_INT, 0, sizes.length);
    config.set(ValueLayout.JAVA_LONG, STREAM, stream);
    config.set(ValueLayout.ADDRESS, ATTRIBUTES, attributes);
    config.set(ValueLayout.JAVA_INT, ATTRIBUTE_COUNT, count);
    return config;
  }
}

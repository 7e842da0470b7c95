package tributary.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Zeroed memory outside the heap that the system provides page by page, as it is first written: for
 * what may be needed later, or never. An arena's own allocation writes every byte at once, and so
 * does the C library's where it gives out memory for the second time.
 */
public final class UntouchedMemory {
  /** Less is not worth pages of its own. */
  private static final long LEAST_BYTES = 1 << 16;

  /** A cache line: no vector that starts at a multiple of its own size crosses two. */
  private static final int ALIGNMENT = 64;

  private static final int READ_AND_WRITE = 3;
  private static final int PRIVATE_AND_ANONYMOUS = 0x22;

  private UntouchedMemory() {}

  /** The calls of Linux; elsewhere memory is an arena's own. */
  private record Calls(MethodHandle map, MethodHandle unmap) {
    static final @Nullable Calls LINUX = find();

    @SuppressWarnings("restricted") // Only the system has memory that nobody has written yet.
    private static @Nullable Calls find() {
      if (!System.getProperty("os.name", "").equals("Linux")) {
        return null;
      }
      Linker linker = Linker.nativeLinker();
      return new Calls(
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG)),
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("munmap"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG)));
    }

    @SuppressWarnings("restricted") // See above.
    MemorySegment allocate(Arena arena, long bytes) {
      try {
        var address =
            (MemorySegment)
                map.invokeExact(
                    MemorySegment.NULL, bytes, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L);
        if (address.address() == -1) {
          throw new OutOfMemoryError("no " + bytes + " bytes outside the heap");
        }
        return address.reinterpret(bytes, arena, memory -> free(memory, bytes));
      } catch (OutOfMemoryError e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError("a C function threw", e);
      }
    }

    private void free(MemorySegment memory, long bytes) {
      try {
        int error = (int) unmap.invokeExact(memory, bytes);
        if (error != 0) {
          throw new AssertionError("memory cannot be given back: " + memory);
        }
      } catch (AssertionError e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError("a C function threw", e);
      }
    }
  }

  /** Memory that lives as long as the arena, aligned to {@value #ALIGNMENT} bytes. */
  public static MemorySegment allocate(Arena arena, long bytes) {
    Calls system = Calls.LINUX;
    return system == null || bytes < LEAST_BYTES
        ? arena.allocate(bytes, ALIGNMENT)
        : system.allocate(arena, bytes);
  }
}

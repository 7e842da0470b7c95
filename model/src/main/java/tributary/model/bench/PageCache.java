package tributary.model.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** What the system keeps of files in memory. */
final class PageCache {
  private static final int READ_ONLY = 0;
  private static final int DONT_NEED = 4;

  private PageCache() {}

  /**
   * Lets the system forget a file that nobody has mapped and that is all on disk; Linux only.
   *
   * @throws IllegalStateException when it cannot be opened or the system refuses
   */
  static void evict(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      var opening = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT);
      int file = (int) call("open", opening).invokeExact(name, READ_ONLY);
      if (file < 0) {
        throw new IllegalStateException(path + " cannot be opened");
      }
      var advice = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
      int error = (int) call("posix_fadvise", advice).invokeExact(file, 0L, 0L, DONT_NEED);
      int _ = (int) call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)).invokeExact(file);
      if (error != 0) {
        throw new IllegalStateException("%s stays in memory: error %d".formatted(path, error));
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  @SuppressWarnings("restricted") // Only the system can forget.
  private static MethodHandle call(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }
}

package tributary.cli.soak;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What the system keeps of files in RAM. */
final class PageCache {
  private static final int READ_ONLY = 0;
  private static final int NOT_NEEDED = 4;

  private PageCache() {}

  /** Forgets a file that nobody has mapped and that is on disk, so that it is read anew. */
  static void forget(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      var name = arena.allocateFrom(file.toAbsolutePath().toString());
      int descriptor = (int) OPEN.invokeExact(name, READ_ONLY);
      int error = (int) ADVISE.invokeExact(descriptor, 0L, 0L, NOT_NEEDED);
      int _ = (int) CLOSE.invokeExact(descriptor);
      if (error != 0) {
        throw new TributaryException(
            ErrorCode.FILE_UNREADABLE,
            "%s cannot be put out of the page cache: error %d; use a file system on a disk"
                .formatted(file, error));
      }
    } catch (TributaryException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }

  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle ADVISE =
      function(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  @SuppressWarnings("restricted") // Java has no way to say so.
  private static MethodHandle function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
  }
}

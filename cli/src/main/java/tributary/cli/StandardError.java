package tributary.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/**
 * The process's standard error, which the start script covers with a filter while Java starts.
 *
 * <p>Java announces its incubator modules there before any code of ours runs and cannot be told not
 * to. The script filters that line and names the real descriptor in {@code tributary.stderr}.
 */
final class StandardError {
  private static final int DESCRIPTOR = 2;

  private StandardError() {}

  /** Puts the real descriptor back in its place, which also ends the filter. */
  @SuppressWarnings("restricted") // Only the C library moves a descriptor under Java's feet.
  static void uncover() {
    Integer real = Integer.getInteger("tributary.stderr");
    if (real == null) {
      return;
    }
    var linker = Linker.nativeLinker();
    var dup2 =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("dup2"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    try {
      // When it fails the filter simply stays.
      int _ = (int) dup2.invokeExact((int) real, DESCRIPTOR);
    } catch (Throwable e) {
      throw new AssertionError("a C function threw", e);
    }
  }
}

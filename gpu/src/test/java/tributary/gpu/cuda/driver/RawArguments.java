package tributary.gpu.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Arguments as a kernel would find them. */
public final class RawArguments {
  private RawArguments() {}

  /** The memory of argument {@code index}, of this many bytes. */
  @SuppressWarnings("restricted") // An argument is an address of native memory.
  public static MemorySegment of(Arguments arguments, int index, long bytes, Arena arena) {
    return arguments.table(arena).getAtIndex(ValueLayout.ADDRESS, index).reinterpret(bytes);
  }
}

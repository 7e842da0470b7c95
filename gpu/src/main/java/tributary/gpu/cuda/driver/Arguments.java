package tributary.gpu.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A kernel's arguments, in the order of its parameters. */
public final class Arguments {
  /** Writes one argument where the driver is to read it. */
  private interface Argument {
    MemorySegment in(Arena arena);
  }

  private final List<Argument> arguments = new ArrayList<>();

  public Arguments address(long address) {
    arguments.add(arena -> arena.allocateFrom(ValueLayout.JAVA_LONG, address));
    return this;
  }

  public Arguments number(int number) {
    arguments.add(arena -> arena.allocateFrom(ValueLayout.JAVA_INT, number));
    return this;
  }

  public Arguments number(float number) {
    arguments.add(arena -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, number));
    return this;
  }

  /** A structure of 32-bit integers, by value. */
  public Arguments structure(int... fields) {
    int[] copy = fields.clone();
    arguments.add(arena -> arena.allocateFrom(ValueLayout.JAVA_INT, copy));
    return this;
  }

  /** A structure, by value. */
  public Arguments structure(byte[] bytes) {
    byte[] copy = bytes.clone();
    arguments.add(arena -> {
      MemorySegment memory = arena.allocate(copy.length, Long.BYTES);
      MemorySegment.copy(copy, 0, memory, ValueLayout.JAVA_BYTE, 0, copy.length);
      return memory;
    });
    return this;
  }

  /** The table of addresses that the driver asks for. */
  MemorySegment table(Arena arena) {
    MemorySegment table = arena.allocate(ValueLayout.ADDRESS, Math.max(1, arguments.size()));
    for (int i = 0; i < arguments.size(); i++) {
      table.setAtIndex(ValueLayout.ADDRESS, i, arguments.get(i).in(arena));
    }
    return table;
  }
}

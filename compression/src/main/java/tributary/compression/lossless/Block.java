package tributary.compression.lossless;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.Stream;

/** How one run of a tensor's elements is stored; see {@link LosslessTensor} for the layout. */
sealed interface Block {
  /** The elements are as predicted. */
  record AsPredicted() implements Block {}

  record Stored(MemorySegment elements) implements Block {}

  /** The symbols and remainders of {@link ResidualCoder}. */
  record Coded(MemorySegment symbols, MemorySegment remainders) implements Block {}

  ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  byte AS_PREDICTED = 0;
  byte STORED = 1;
  byte CODED = 2;

  /** Bytes that this takes. */
  default long size() {
    return switch (this) {
      case AsPredicted() -> 1;
      case Stored(MemorySegment elements) -> 1 + elements.byteSize();
      case Coded(MemorySegment symbols, MemorySegment remainders) ->
          1 + 2 * Integer.BYTES + symbols.byteSize() + remainders.byteSize();
    };
  }

  default void write(MemorySegment out, long at) {
    switch (this) {
      case AsPredicted() -> out.set(ValueLayout.JAVA_BYTE, at, AS_PREDICTED);
      case Stored(MemorySegment elements) -> {
        out.set(ValueLayout.JAVA_BYTE, at, STORED);
        MemorySegment.copy(elements, 0, out, at + 1, elements.byteSize());
      }
      case Coded(MemorySegment symbols, MemorySegment remainders) -> {
        out.set(ValueLayout.JAVA_BYTE, at, CODED);
        long next = at + 1;
        for (MemorySegment part : Stream.of(symbols, remainders).toList()) {
          out.set(INT, next, Math.toIntExact(part.byteSize()));
          next += Integer.BYTES;
        }
        MemorySegment.copy(symbols, 0, out, next, symbols.byteSize());
        MemorySegment.copy(remainders, 0, out, next + symbols.byteSize(), remainders.byteSize());
      }
    }
  }

  /**
   * Reads what {@link #write} wrote; shares memory with {@code in}.
   *
   * @param elementBytes of the elements, as they are when stored
   * @throws IndexOutOfBoundsException if the block does not lie in {@code in}
   * @throws IllegalArgumentException if there is no such kind of block
   */
  static Block read(MemorySegment in, long at, long elementBytes) {
    byte kind = in.get(ValueLayout.JAVA_BYTE, at);
    return switch (kind) {
      case AS_PREDICTED -> new AsPredicted();
      case STORED -> new Stored(in.asSlice(at + 1, elementBytes));
      case CODED -> {
        long symbols = Integer.toUnsignedLong(in.get(INT, at + 1));
        long remainders = Integer.toUnsignedLong(in.get(INT, at + 1 + Integer.BYTES));
        long first = at + 1 + 2 * Integer.BYTES;
        yield new Coded(in.asSlice(first, symbols), in.asSlice(first + symbols, remainders));
      }
      default -> throw new IllegalArgumentException("a block of kind " + kind);
    };
  }
}

package tributary.compression.lossless;

import static tributary.compression.lossless.BinaryEncoder.TOP_SHIFT;
import static tributary.compression.lossless.BinaryEncoder.WINDOW;
import static tributary.compression.lossless.BinaryEncoder.WINDOW_BITS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads what {@link BinaryEncoder} wrote; any bytes decode to something, in bounded time. */
final class BinaryDecoder {
  private final MemorySegment code;
  private long position;
  private long low;
  private long high = WINDOW;
  private long value;

  BinaryDecoder(MemorySegment code) {
    this.code = code;
    for (int bits = 0; bits < WINDOW_BITS; bits += Byte.SIZE) {
      value = (value << Byte.SIZE) | next();
    }
  }

  /** Reads a bit that was written with the same probability. */
  boolean decode(int probability) {
    long last = BinaryEncoder.lastOfOne(low, high, probability);
    boolean one = value <= last;
    if (one) {
      high = last;
    } else {
      low = last + 1;
    }
    while ((low ^ high) >>> TOP_SHIFT == 0) {
      low = (low << Byte.SIZE) & WINDOW;
      high = ((high << Byte.SIZE) & WINDOW) | 0xFF;
      value = ((value << Byte.SIZE) & WINDOW) | next();
    }
    return one;
  }

  private int next() {
    return position < code.byteSize() ? code.get(ValueLayout.JAVA_BYTE, position++) & 0xFF : 0;
  }
}

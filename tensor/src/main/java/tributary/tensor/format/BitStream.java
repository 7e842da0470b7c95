package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Codes of b bits in a row of bytes: code i takes bits {@code b i .. b i + b - 1}, counted from the
 * least significant bit of the first byte, so that a code may straddle bytes. Unused high bits of
 * the last byte are zero.
 */
public final class BitStream {
  private BitStream() {}

  /** Bytes that a row of {@code count} codes takes. */
  public static long bytes(long count, int bits) {
    return Math.ceilDiv(Math.multiplyExact(count, (long) bits), (long) Byte.SIZE);
  }

  /** Code {@code index} of the row of codes that begins at byte {@code start}; bits 1 to 16. */
  public static int get(MemorySegment memory, long start, long index, int bits) {
    long bit = index * bits;
    long at = start + bit / Byte.SIZE;
    int shift = (int) (bit % Byte.SIZE);
    int found = 0;
    for (int have = 0; have < shift + bits; have += Byte.SIZE, at++) {
      found |= (memory.get(ValueLayout.JAVA_BYTE, at) & 0xFF) << have;
    }
    return found >>> shift & ((1 << bits) - 1);
  }

  /** Sets a code of a row whose bits at that place are still zero. */
  public static void put(MemorySegment memory, long start, long index, int bits, int code) {
    long bit = index * bits;
    long at = start + bit / Byte.SIZE;
    int shifted = code << (int) (bit % Byte.SIZE);
    for (; shifted != 0; shifted >>>= Byte.SIZE, at++) {
      byte old = memory.get(ValueLayout.JAVA_BYTE, at);
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) (old | shifted));
    }
  }
}

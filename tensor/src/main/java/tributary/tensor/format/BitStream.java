package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Codes of b bits in a row of bytes: code i takes bits {@code b i .. b i + b - 1}, counted from the
 * least significant bit of the first byte, so that a code may straddle bytes. Unused high bits of
 * the last byte are zero.
 */
public final class BitStream {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

  /**
   * Reads the first {@code codes.length} codes of the row that begins at byte {@code start}; bits 1
   * to 8. Eight codes fill as many bytes as a code has bits.
   */
  public static void unpack(MemorySegment memory, long start, int bits, byte[] codes) {
    int mask = (1 << bits) - 1;
    long at = start;
    for (int first = 0; first < codes.length; first += Byte.SIZE, at += bits) {
      int count = Math.min(Byte.SIZE, codes.length - first);
      long eight = word(memory, at, (int) bytes(count, bits));
      for (int i = 0; i < count; i++) {
        codes[first + i] = (byte) ((eight >>> (i * bits)) & mask);
      }
    }
  }

  /** At least {@code bytes} bytes, at most 8, as one number; what is past them is of no meaning. */
  private static long word(MemorySegment memory, long at, int bytes) {
    if (memory.byteSize() - at >= Long.BYTES) {
      return memory.get(WORD, at);
    }
    long word = 0;
    for (int i = 0; i < bytes; i++) {
      word |= (memory.get(ValueLayout.JAVA_BYTE, at + i) & 0xFFL) << (i * Byte.SIZE);
    }
    return word;
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

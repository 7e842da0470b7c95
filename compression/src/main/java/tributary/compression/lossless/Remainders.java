package tributary.compression.lossless;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bits that nothing is known of, one after the other from the lowest bit of the first byte on. */
final class Remainders {
  private Remainders() {}

  /** Collects bits. */
  static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long pending;
    private int pendingBits;

    /** Adds the lowest {@code bits} bits, at most 32; those above must be zero. */
    void write(int value, int bits) {
      pending |= Integer.toUnsignedLong(value) << pendingBits;
      for (pendingBits += bits; pendingBits >= Byte.SIZE; pendingBits -= Byte.SIZE) {
        out.write((int) pending);
        pending >>>= Byte.SIZE;
      }
    }

    byte[] finish() {
      if (pendingBits > 0) {
        out.write((int) pending);
      }
      return out.toByteArray();
    }
  }

  /** Gives them back; zeros past the end. */
  static final class Reader {
    private final MemorySegment in;
    private long position;
    private long pending;
    private int pendingBits;

    Reader(MemorySegment in) {
      this.in = in;
    }

    int read(int bits) {
      for (; pendingBits < bits; pendingBits += Byte.SIZE) {
        long next =
            position < in.byteSize() ? in.get(ValueLayout.JAVA_BYTE, position++) & 0xFFL : 0;
        pending |= next << pendingBits;
      }
      int value = (int) (pending & ((1L << bits) - 1));
      pending >>>= bits;
      pendingBits -= bits;
      return value;
    }
  }
}

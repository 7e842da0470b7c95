package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import tributary.protocol.Bytes;

/**
 * The coded difference of one matrix, [rows, columns] = [outputs, inputs]. What an element decodes
 * to is defined here, once; kernels that compute with the codes are tested against it.
 *
 * <p>A code whose precision can change has several widths, {@code 1 .. widths()}: at width w it is
 * a coarser form of the same difference that needs no more than its first w planes.
 */
public sealed interface MatrixCode
    permits SignPlanes, SparseCodes, GroupedCodes, LookupPlanes, VectorCodes, LowRank {
  int rows();

  int columns();

  /** One decoded element of the difference, in fp32. */
  float value(int row, int column);

  /** Decodes one row into {@code out[0 .. columns)}. */
  default void readRow(int row, float[] out) {
    for (int column = 0; column < columns(); column++) {
      out[column] = value(row, column);
    }
  }

  /** How many widths this code can be served at; 1 when its precision is fixed. */
  default int widths() {
    return 1;
  }

  /**
   * This difference at a width of {@code 1 .. widths()}; shares memory with this.
   *
   * @throws IllegalArgumentException if there is no such width
   */
  default MatrixCode atWidth(int width) {
    requireWidth(width, widths());
    return this;
  }

  /** The memory that holds codes, in the order of their planes. Statistics are held in arrays. */
  Stream<MemorySegment> codeSegments();

  /** Bytes of everything that is needed to compute with this code, as a file stores it. */
  Bytes size();

  /** Bytes of values that are stored as fp16. */
  static long halfBytes(long values) {
    return Math.multiplyExact(values, (long) Short.BYTES);
  }

  /** Throws unless there is such a width. */
  static void requireWidth(int width, int widths) {
    if (width < 1 || width > widths) {
      throw new IllegalArgumentException(
          "width %d: this code has widths 1 to %d".formatted(width, widths));
    }
  }

  /** Throws unless every value is finite, naming {@code what}. */
  static void requireFinite(String what, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(what + ": found " + value + ", wanted finite numbers");
      }
    }
  }

  /** Throws unless the memory has exactly this size, naming {@code what}. */
  static void requireSize(String what, MemorySegment memory, long bytes) {
    if (memory.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "%s: found %d bytes, wanted %d".formatted(what, memory.byteSize(), bytes));
    }
  }

  /** Sum of the sizes of segments. */
  static long bytesOf(MemorySegment... segments) {
    return Arrays.stream(segments).mapToLong(MemorySegment::byteSize).sum();
  }
}

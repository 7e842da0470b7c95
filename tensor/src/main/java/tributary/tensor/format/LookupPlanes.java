package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import tributary.protocol.Bytes;

/**
 * A matrix whose element is looked up in its row's table by a code of b bits, stored as b planes of
 * one bit: {@code D[r, c] = table_b[r, code_b[r, c]]}, where plane 0 is a code's most significant
 * bit. The code of fewer bits is its prefix, and has a table of its own.
 *
 * <p>A plane is laid out as the signs of {@link SignPlanes}.
 *
 * @param planes 1 to 8, the most significant bit first
 * @param tables for width w at w - 1: [rows, 2^w], ascending within a row; as many as planes
 */
public record LookupPlanes(int rows, int columns, List<MemorySegment> planes, List<float[]> tables)
    implements MatrixCode {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** For each byte the word whose byte i is bit i. */
  private static final long[] SPREAD = new long[1 << Byte.SIZE];

  static {
    for (int bits = 0; bits < SPREAD.length; bits++) {
      for (int i = 0; i < Byte.SIZE; i++) {
        SPREAD[bits] |= ((bits >>> i) & 1L) << (i * Byte.SIZE);
      }
    }
  }

  public LookupPlanes {
    planes = List.copyOf(planes);
    tables = List.copyOf(tables);
    if (planes.isEmpty() || planes.size() > 8 || tables.size() != planes.size()) {
      throw new IllegalArgumentException(
          "look-up planes: %d planes and %d tables, wanted 1..8 and as many"
              .formatted(planes.size(), tables.size()));
    }
    for (MemorySegment plane : planes) {
      MatrixCode.requireSize("look-up plane", plane, SignPlanes.planeBytes(rows, columns).count());
    }
    for (int width = 1; width <= tables.size(); width++) {
      if (tables.get(width - 1).length != Math.multiplyExact(rows, 1 << width)) {
        throw new IllegalArgumentException(
            "look-up table of width %d: found %d entries, wanted %d x %d"
                .formatted(width, tables.get(width - 1).length, rows, 1 << width));
      }
    }
  }

  /** The code of all planes. */
  public int code(int row, int column) {
    long word = (long) row * SignPlanes.wordsPerRow(columns) + column / Long.SIZE;
    int code = 0;
    for (MemorySegment plane : planes) {
      code = code << 1 | (int) (plane.getAtIndex(WORD, word) >>> (column % Long.SIZE) & 1);
    }
    return code;
  }

  @Override
  public float value(int row, int column) {
    return tables.getLast()[(row << planes.size()) + code(row, column)];
  }

  /** Eight columns at a time: their codes are built up in the bytes of one word. */
  @Override
  public void readRow(int row, float[] out) {
    float[] table = tables.getLast();
    int tableStart = row << planes.size();
    long first = (long) row * SignPlanes.wordsPerRow(columns) * Long.BYTES;
    for (int column = 0; column < columns; column += Byte.SIZE) {
      long codes = 0;
      for (MemorySegment plane : planes) {
        byte bits = plane.get(ValueLayout.JAVA_BYTE, first + column / Byte.SIZE);
        codes = codes << 1 | SPREAD[bits & 0xFF];
      }
      int count = Math.min(Byte.SIZE, columns - column);
      for (int i = 0; i < count; i++) {
        out[column + i] = table[tableStart + (int) ((codes >>> (i * Byte.SIZE)) & 0xFF)];
      }
    }
  }

  @Override
  public int widths() {
    return planes.size();
  }

  @Override
  public LookupPlanes atWidth(int width) {
    MatrixCode.requireWidth(width, widths());
    return new LookupPlanes(rows, columns, planes.subList(0, width), tables.subList(0, width));
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return planes.stream();
  }

  /** Tables of smaller widths are counted too: they stay loaded so that precision can change. */
  @Override
  public Bytes size() {
    long tableBytes = tables.stream().mapToLong(t -> MatrixCode.halfBytes(t.length)).sum();
    return new Bytes(MatrixCode.bytesOf(planes.toArray(MemorySegment[]::new)) + tableBytes);
  }
}

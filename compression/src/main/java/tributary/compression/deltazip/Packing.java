package tributary.compression.deltazip;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.SparseCodes;

/** Coded matrices as files and kernels know them. */
final class Packing {
  private static final int QUADRUPLE = 4;

  private Packing() {}

  /** Positions come from what was pruned: a kept weight may well have code 0 or decode to 0. */
  static SparseCodes twoOfFour(Coded coded, int groupColumns, Arena arena) {
    int rows = coded.rows();
    int columns = coded.columns();
    int bits = coded.levels().bits();
    MemorySegment patterns = arena.allocate(SparseCodes.patternBytes(rows, columns));
    MemorySegment codes = arena.allocate(SparseCodes.codeBytes(rows, columns, bits));
    int patternRow = Math.ceilDiv(columns, 2 * QUADRUPLE);
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns / 2, bits);
      int kept = 0;
      for (int quadruple = 0; quadruple < columns / QUADRUPLE; quadruple++) {
        int firstKept = -1;
        for (int position = 0; position < QUADRUPLE; position++) {
          int column = QUADRUPLE * quadruple + position;
          if (!coded.isPruned(row, column)) {
            BitStream.put(codes, start, kept++, bits, coded.code(row, column));
            if (firstKept < 0) {
              firstKept = position;
            } else {
              long at = (long) row * patternRow + quadruple / 2;
              int pattern = SparseCodes.pattern(firstKept, position);
              put(patterns, at, pattern << (quadruple % 2 * QUADRUPLE));
            }
          }
        }
      }
    }
    float zero = coded.levels().zero();
    return new SparseCodes(
        rows, columns, bits, zero, groupColumns, patterns, codes, coded.scales());
  }

  private static void put(MemorySegment memory, long at, int bits) {
    byte old = memory.get(ValueLayout.JAVA_BYTE, at);
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) (old | bits));
  }

  /** A pruned weight has the code of 0. */
  @SuppressWarnings("NullAway") // Class files drop annotations of a compact constructor.
  static GroupedCodes grouped(Coded coded, int groupColumns, Arena arena) {
    int rows = coded.rows();
    int columns = coded.columns();
    int bits = coded.levels().bits();
    float zero = coded.levels().zero();
    MemorySegment codes = arena.allocate(GroupedCodes.codeBytes(rows, columns, bits));
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns, bits);
      for (int column = 0; column < columns; column++) {
        int code = coded.isPruned(row, column) ? (int) zero : coded.code(row, column);
        BitStream.put(codes, start, column, bits, code);
      }
    }
    return new GroupedCodes(
        rows,
        columns,
        bits,
        groupColumns,
        codes,
        new GroupStatistics.Plain(coded.groups(), coded.scales(), new float[] {zero}),
        null,
        GroupedCodes.Outliers.none(rows));
  }
}

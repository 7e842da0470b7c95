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
  static SparseCodes twoOfFour(Coded coded, Arena arena) {
    int rows = coded.rows();
    int columns = coded.columns();
    int bits = coded.levels().bits();
    MemorySegment patterns = arena.allocate(SparseCodes.patternBytes(rows, columns));
    MemorySegment codes = arena.allocate(SparseCodes.codeBytes(rows, columns, bits));
    int patternRow = Math.ceilDiv(columns, 2 * QUADRUPLE);
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns / 2, bits);
      for (int quadruple = 0; quadruple < columns / QUADRUPLE; quadruple++) {
        int pattern = pattern(coded, row, quadruple);
        long at = (long) row * patternRow + quadruple / 2;
        put(patterns, at, pattern << (quadruple % 2 * QUADRUPLE));
        for (int kept = 0; kept < 2; kept++) {
          int column = QUADRUPLE * quadruple + (pattern >>> (2 * kept) & 3);
          BitStream.put(codes, start, 2L * quadruple + kept, bits, coded.code(row, column));
        }
      }
    }
    float zero = coded.levels().zero();
    return new SparseCodes(
        rows, columns, bits, zero, coded.groupColumns(), patterns, codes, coded.scales());
  }

  /**
   * The positions that are kept. Where a kept weight decodes to 0, as pruned ones do, the lowest
   * positions that remain stand for it: the same matrix always has the same patterns, which also
   * take less when they are compressed.
   */
  private static int pattern(Coded coded, int row, int quadruple) {
    int taken = 0;
    for (int position = 0; position < QUADRUPLE; position++) {
      int column = QUADRUPLE * quadruple + position;
      boolean isZero = coded.code(row, column) == coded.levels().zero();
      taken |= coded.isPruned(row, column) || isZero ? 0 : 1 << position;
    }
    for (int position = 0; Integer.bitCount(taken) < 2; position++) {
      taken |= 1 << position;
    }
    return SparseCodes.pattern(
        Integer.numberOfTrailingZeros(taken),
        Integer.SIZE - 1 - Integer.numberOfLeadingZeros(taken));
  }

  private static void put(MemorySegment memory, long at, int bits) {
    byte old = memory.get(ValueLayout.JAVA_BYTE, at);
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) (old | bits));
  }

  static GroupedCodes grouped(Coded coded, Arena arena) {
    int rows = coded.rows();
    int columns = coded.columns();
    int bits = coded.levels().bits();
    float zero = coded.levels().zero();
    MemorySegment codes = arena.allocate(GroupedCodes.codeBytes(rows, columns, bits));
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns, bits);
      for (int column = 0; column < columns; column++) {
        BitStream.put(codes, start, column, bits, coded.code(row, column));
      }
    }
    return new GroupedCodes(
        rows,
        columns,
        bits,
        coded.groupColumns(),
        codes,
        new GroupStatistics.Plain(coded.groups(), coded.scales(), new float[] {zero}));
  }
}

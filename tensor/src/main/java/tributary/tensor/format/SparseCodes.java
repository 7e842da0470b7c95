package tributary.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.Stream;
import tributary.protocol.Bytes;

/**
 * A matrix of which every aligned four columns keep two weights (2:4), each a code of {@code bits}
 * bits: {@code D[r, c] = scale[r, c / groupColumns] * (code - zero)} where kept, else 0.
 *
 * <p>Layout of {@code patterns}: rows in order, each {@code ceil(columns / 8)} bytes; quadruple q
 * is a nibble, the low one of byte q / 2 when q is even; it holds the positions i0 &lt; i1 of the
 * two kept weights as {@code i0 | i1 << 2}, so it is one of 4, 8, 9, 12, 13, 14. Positions say what
 * is kept; a kept weight may decode to 0.
 *
 * <p>Layout of {@code codes}: rows in order, each a {@link BitStream} of {@code columns / 2} codes,
 * in the order of their columns, that begins at a whole byte.
 *
 * @param columns a multiple of 4
 * @param bits 1 to 8
 * @param zero the code that would decode to 0; need not be whole (a grid without 0 has {@code (2^b
 *     - 1) / 2})
 * @param groupColumns columns that share a scale; a multiple of 4, {@code columns} for one a row
 * @param scales [rows, ceil(columns / groupColumns)]
 */
@SuppressWarnings("ArrayRecordComponent") // Kernels read the scales in their inner loops.
public record SparseCodes(
    int rows,
    int columns,
    int bits,
    float zero,
    int groupColumns,
    MemorySegment patterns,
    MemorySegment codes,
    float[] scales)
    implements MatrixCode {
  private static final int QUADRUPLE = 4;

  public SparseCodes {
    boolean quadruples = columns % QUADRUPLE == 0 && groupColumns % QUADRUPLE == 0;
    if (!quadruples || groupColumns < QUADRUPLE || bits < 1 || bits > 8) {
      throw new IllegalArgumentException(
          "2:4 codes: columns=%d bits=%d groupColumns=%d; columns must be multiples of 4, bits 1..8"
              .formatted(columns, bits, groupColumns));
    }
    MatrixCode.requireSize("2:4 patterns", patterns, patternBytes(rows, columns));
    MatrixCode.requireSize("2:4 codes", codes, codeBytes(rows, columns, bits));
    if (scales.length != Math.multiplyExact(rows, Math.ceilDiv(columns, groupColumns))) {
      throw new IllegalArgumentException("2:4 codes: found " + scales.length + " scales");
    }
  }

  public static long patternBytes(int rows, int columns) {
    return (long) rows * Math.ceilDiv(columns, 2 * QUADRUPLE);
  }

  public static long codeBytes(int rows, int columns, int bits) {
    return rows * BitStream.bytes(columns / 2, bits);
  }

  /** The nibble of a quadruple that keeps positions {@code first < second}, each 0 to 3. */
  public static int pattern(int first, int second) {
    return first | second << 2;
  }

  private int patternOf(int row, int quadruple) {
    long at = (long) row * Math.ceilDiv(columns, 2 * QUADRUPLE) + quadruple / 2;
    int pair = patterns.get(ValueLayout.JAVA_BYTE, at);
    return pair >>> (quadruple % 2 * QUADRUPLE) & 0xF;
  }

  /** The code of a weight, or -1 where it was pruned. */
  public int code(int row, int column) {
    int pattern = patternOf(row, column / QUADRUPLE);
    int position = column % QUADRUPLE;
    int kept = position == (pattern & 3) ? 0 : position == pattern >>> 2 ? 1 : -1;
    return kept < 0
        ? -1
        : BitStream.get(
            codes,
            row * BitStream.bytes(columns / 2, bits),
            2L * (column / QUADRUPLE) + kept,
            bits);
  }

  @Override
  public float value(int row, int column) {
    int code = code(row, column);
    int groups = Math.ceilDiv(columns, groupColumns);
    return code < 0 ? 0 : scales[row * groups + column / groupColumns] * (code - zero);
  }

  @Override
  public void readRow(int row, float[] out) {
    byte[] kept = new byte[columns / 2];
    BitStream.unpack(codes, row * BitStream.bytes(columns / 2, bits), bits, kept);
    Arrays.fill(out, 0, columns, 0);
    int groups = Math.ceilDiv(columns, groupColumns);
    for (int quadruple = 0; quadruple < columns / QUADRUPLE; quadruple++) {
      int column = quadruple * QUADRUPLE;
      int pattern = patternOf(row, quadruple);
      float scale = scales[row * groups + column / groupColumns];
      out[column + (pattern >>> 2)] = scale * ((kept[2 * quadruple + 1] & 0xFF) - zero);
      out[column + (pattern & 3)] = scale * ((kept[2 * quadruple] & 0xFF) - zero);
    }
  }

  /** Throws unless every quadruple keeps two different weights. */
  public void requirePatterns() {
    for (int row = 0; row < rows; row++) {
      for (int quadruple = 0; quadruple < columns / QUADRUPLE; quadruple++) {
        int pattern = patternOf(row, quadruple);
        if ((pattern & 3) >= pattern >>> 2) {
          throw new IllegalArgumentException(
              "2:4 patterns: row %d quadruple %d is %d, wanted 4, 8, 9, 12, 13 or 14"
                  .formatted(row, quadruple, pattern));
        }
      }
    }
  }

  @Override
  public Stream<MemorySegment> codeSegments() {
    return Stream.of(patterns, codes);
  }

  @Override
  public Bytes size() {
    return new Bytes(MatrixCode.bytesOf(patterns, codes) + MatrixCode.halfBytes(scales.length));
  }
}

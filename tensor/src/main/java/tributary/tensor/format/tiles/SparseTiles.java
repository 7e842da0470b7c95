package tributary.tensor.format.tiles;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.SparseCodes;

/**
 * 2:4 codes in the order of sparse tensor-core products of 16 outputs x 32 inputs ({@code
 * mma.sp::ordered_metadata.m16n8k32}, the difference being the sparse operand). Codes of 1 and 2
 * bits lie in fields of w = 2 bits, of 3 and 4 in fields of w = 4; wider ones have no such layout.
 *
 * <p>Product s (0 to 3) of a chunk takes inputs {@code 32 s .. 32 s + 31}, so its quadruples are
 * {@code 32 chunk + 8 s + q}, q in 0 .. 7. Of lane (g, t), register i (0 to 3) holds the two kept
 * weights, lower column first, of quadruple q = t + 4 (i / 2) of output g + 8 (i % 2). These are
 * pair 4 s + i of the lane's codes: with w = 4 in word s at bits 4 i and 4 i + 16; with w = 2 in
 * word s / 2 at bits 8 (s % 2) + 2 i and 16 above.
 *
 * <p>The metadata of products s = 2 m and 2 m + 1 are in word m (0 or 1) of all lanes: that of
 * product s in the lanes with t / 2 = s % 2, which is the instruction's sparsity selector. Lane (g,
 * t) has in bits 4 j .. 4 j + 3 the pattern of quadruple 4 (t % 2) + j (j in 0 .. 3) of output g,
 * and 16 bits above that of output g + 8. Patterns are those of {@link SparseCodes}; padding has
 * pattern 4, since the instruction allows no empty one.
 *
 * <p>Activations have no order of their own: register i of lane (g, t) of the dense operand holds
 * inputs {@code 8 i + 2 t} and the next of row g, which is what {@code ldmatrix} gives.
 *
 * <ul>
 *   <li>w = 2: {@code codes} are quad words, the two words of codes and then the two of metadata,
 *       so that one load of 16 bytes is all of a chunk; {@code metadata} is empty;
 *   <li>w = 4: {@code codes} are quad words, {@code metadata} pair words.
 * </ul>
 *
 * @param bits of a code, 1 to 4
 * @param scales row numbers [tiles][groups][8 g][2 halves], groups = ceil(columns / groupColumns);
 *     0 in padding
 */
@SuppressWarnings("ArrayRecordComponent") // What is uploaded.
public record SparseTiles(
    TileGrid grid,
    int bits,
    float zero,
    int groupColumns,
    int[] codes,
    int[] metadata,
    float[] scales) {
  /** The most bits of a code. */
  public static final int BITS_MAX = 4;

  private static final int EMPTY_PATTERNS = 0x44444444;
  private static final int QUADRUPLES = TileGrid.CHUNK_COLUMNS / 4;

  /** Bits of the field that holds a code. */
  static int fieldBits(int bits) {
    if (bits > BITS_MAX) {
      throw new IllegalArgumentException(
          "2:4 codes of %d bits have no tiles, at most %d".formatted(bits, BITS_MAX));
    }
    return bits <= 2 ? 2 : 4;
  }

  public static SparseTiles pack(SparseCodes code) {
    TileGrid grid = new TileGrid(code.rows(), code.columns());
    int width = fieldBits(code.bits());
    SparseTiles tiles =
        new SparseTiles(
            grid,
            code.bits(),
            code.zero(),
            code.groupColumns(),
            new int[grid.words(4)],
            new int[width == 2 ? 0 : grid.words(2)],
            RowNumbers.pack(code.scales(), code.rows()));
    tiles.clearPatterns();
    for (int row = 0; row < code.rows(); row++) {
      for (int quadruple = 0; quadruple < code.columns() / 4; quadruple++) {
        tiles.put(row, quadruple, code);
      }
    }
    return tiles;
  }

  /** The codes as they were before {@link #pack}. */
  public SparseCodes unpack() {
    int rows = grid.rows();
    int columns = grid.columns();
    MemorySegment patterns = bytes(SparseCodes.patternBytes(rows, columns));
    MemorySegment stream = bytes(SparseCodes.codeBytes(rows, columns, bits));
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns / 2, bits);
      for (int quadruple = 0; quadruple < columns / 4; quadruple++) {
        long at = (long) row * Math.ceilDiv(columns, 8) + quadruple / 2;
        int shifted = pattern(row, quadruple) << (quadruple % 2 * 4);
        byte old = patterns.get(ValueLayout.JAVA_BYTE, at);
        patterns.set(ValueLayout.JAVA_BYTE, at, (byte) (old | shifted));
        for (int kept = 0; kept < 2; kept++) {
          BitStream.put(stream, start, 2L * quadruple + kept, bits, code(row, quadruple, kept));
        }
      }
    }
    return new SparseCodes(
        rows, columns, bits, zero, groupColumns, patterns, stream, RowNumbers.unpack(scales, rows));
  }

  private static MemorySegment bytes(long count) {
    return MemorySegment.ofArray(new byte[Math.toIntExact(count)]);
  }

  private void clearPatterns() {
    for (int tile = 0; tile < grid.tiles(); tile++) {
      for (int chunk = 0; chunk < grid.chunks(); chunk++) {
        for (int lane = 0; lane < TileGrid.LANES; lane++) {
          for (int word = 0; word < 2; word++) {
            patternWords()[patternWord(tile, chunk, lane, word)] = EMPTY_PATTERNS;
          }
        }
      }
    }
  }

  private void put(int row, int quadruple, SparseCodes code) {
    int at = patternWordOf(row, quadruple);
    int shift = patternShift(row, quadruple);
    int pattern = 0;
    for (int position = 3; position >= 0; position--) {
      if (code.code(row, 4 * quadruple + position) >= 0) {
        pattern = pattern << 2 | position;
      }
    }
    patternWords()[at] = (patternWords()[at] & ~(0xF << shift)) | (pattern << shift);
    int width = fieldBits(bits);
    for (int kept = 0; kept < 2; kept++) {
      int column = 4 * quadruple + (pattern >>> (2 * kept) & 3);
      codes[codeWordOf(row, quadruple)] |=
          Fields.place(code.code(row, column), pairOf(row, quadruple), kept, width);
    }
  }

  /** The positions that a quadruple of a row keeps, as in {@link SparseCodes}. */
  public int pattern(int row, int quadruple) {
    return patternWords()[patternWordOf(row, quadruple)] >>> patternShift(row, quadruple) & 0xF;
  }

  /** The code of the first or second weight that a quadruple keeps. */
  public int code(int row, int quadruple, int kept) {
    int word = codes[codeWordOf(row, quadruple)];
    return Fields.take(word, pairOf(row, quadruple), kept, fieldBits(bits));
  }

  private static int product(int quadruple) {
    return quadruple % QUADRUPLES / 8;
  }

  /** Which of a lane's 16 pairs of codes of a chunk. */
  private static int pairOf(int row, int quadruple) {
    return 4 * product(quadruple) + quadruple % 8 / 4 * 2 + row % 16 / 8;
  }

  private int codeWordOf(int row, int quadruple) {
    int lane = row % 8 * 4 + quadruple % 4;
    int word = Fields.word(pairOf(row, quadruple), fieldBits(bits));
    return grid.quad(row / TileGrid.TILE_ROWS, quadruple / QUADRUPLES, lane, word);
  }

  private int[] patternWords() {
    return fieldBits(bits) == 2 ? codes : metadata;
  }

  private int patternWord(int tile, int chunk, int lane, int word) {
    return fieldBits(bits) == 2
        ? grid.quad(tile, chunk, lane, 2 + word)
        : grid.pair(tile, chunk, lane, word);
  }

  private int patternWordOf(int row, int quadruple) {
    int product = product(quadruple);
    int lane = row % 8 * 4 + product % 2 * 2 + quadruple % 8 / 4;
    return patternWord(row / TileGrid.TILE_ROWS, quadruple / QUADRUPLES, lane, product / 2);
  }

  private static int patternShift(int row, int quadruple) {
    return quadruple % 4 * 4 + row % 16 / 8 * 16;
  }
}

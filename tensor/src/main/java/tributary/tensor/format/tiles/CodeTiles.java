package tributary.tensor.format.tiles;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import tributary.tensor.format.BitStream;

/**
 * Codes of b bits for every weight, in fields that a tensor-core kernel can mask: a code is cut,
 * from its low bits up, into as many fields of 4 bits as it has, then one of 2 if bit 1 of b is
 * set, then one of 1 if b is odd. So 3 is 2 + 1, 4 is 4, 6 is 4 + 2 and 8 is 4 + 4. Each field is
 * an array of its own:
 *
 * <ul>
 *   <li><b>4 bits</b>: words [tiles][chunks][2 halves][32 lanes][4], so one load of 16 bytes a
 *       half; word c of lane (g, t) has the inputs {@code 32 c + 8 t .. 32 c + 8 t + 7} of output g
 *       of its half, of which number 2 i is at bits 4 i .. 4 i + 3 and number 2 i + 1 16 bits
 *       above;
 *   <li><b>2 bits</b>: quad words; word 2 h + m of lane (g, t) belongs to output g of half h: of c
 *       = 2 m + n (n = 0, 1), input {@code 32 c + 8 t + 2 i} is at bit 8 n + 2 i and the next 16
 *       bits above;
 *   <li><b>1 bit</b>: a plane of {@link SignTiles}.
 * </ul>
 *
 * A lane's pairs i = 0, 1 of a c are its two registers of an output in one product of 16 inputs,
 * and i = 2, 3 in a second; the activations for both are inputs {@code 32 c + 8 t .. + 7} of row g,
 * one load of 16 bytes, as for weight tiles and sign tiles.
 *
 * <p>Inputs here are stored positions: where columns have an order of their own, a kernel gathers
 * its activations in that order.
 *
 * @param fields the arrays, low bits first
 */
public record CodeTiles(TileGrid grid, int bits, List<int[]> fields) {
  private static final int CS = 4;

  public CodeTiles {
    fields = List.copyOf(fields);
  }

  /** Bits of each field of a code, from the lowest up. */
  public static List<Integer> widths(int bits) {
    List<Integer> widths = new ArrayList<>(Collections.nCopies(bits / 4, 4));
    if ((bits & 2) != 0) {
      widths.add(2);
    }
    if ((bits & 1) != 0) {
      widths.add(1);
    }
    return List.copyOf(widths);
  }

  /**
   * Packs codes.
   *
   * @param codes [rows] of {@link BitStream}s of {@code columns} codes, each at a whole byte
   */
  public static CodeTiles pack(MemorySegment codes, TileGrid grid, int bits) {
    List<int[]> fields = new ArrayList<>();
    int low = 0;
    for (int width : widths(bits)) {
      int[] field = new int[grid.words(2 * width)];
      int mask = (1 << width) - 1;
      for (int row = 0; row < grid.rows(); row++) {
        long start = row * BitStream.bytes(grid.columns(), bits);
        for (int column = 0; column < grid.columns(); column++) {
          int code = BitStream.get(codes, start, column, bits);
          put(field, grid, width, row, column, code >>> low & mask);
        }
      }
      fields.add(field);
      low += width;
    }
    return new CodeTiles(grid, bits, fields);
  }

  /** The codes as they were before {@link #pack}. */
  public MemorySegment unpack() {
    long rowBytes = BitStream.bytes(grid.columns(), bits);
    MemorySegment codes = MemorySegment.ofArray(new byte[Math.toIntExact(grid.rows() * rowBytes)]);
    for (int row = 0; row < grid.rows(); row++) {
      for (int column = 0; column < grid.columns(); column++) {
        BitStream.put(codes, row * rowBytes, column, bits, code(row, column));
      }
    }
    return codes;
  }

  /** The code of a weight. */
  public int code(int row, int column) {
    int code = 0;
    int low = 0;
    List<Integer> widths = widths(bits);
    for (int field = 0; field < widths.size(); field++) {
      int width = widths.get(field);
      code |= get(fields.get(field), grid, width, row, column) << low;
      low += width;
    }
    return code;
  }

  private static int get(int[] field, TileGrid grid, int width, int row, int column) {
    return width == 1
        ? SignTiles.get(field, grid, row, column)
        : Fields.take(field[wordOf(grid, width, row, column)], pairOf(column), column % 2, width);
  }

  private static void put(int[] field, TileGrid grid, int width, int row, int column, int value) {
    if (width == 1) {
      SignTiles.put(field, grid, row, column, value);
    } else {
      field[wordOf(grid, width, row, column)] |=
          Fields.place(value, pairOf(column), column % 2, width);
    }
  }

  /** Which of a lane's 16 pairs of inputs of a chunk. */
  private static int pairOf(int column) {
    return column % TileGrid.CHUNK_COLUMNS / 32 * CS + column % 8 / 2;
  }

  /** A lane has {@code width} words for each half of a chunk. */
  private static int wordOf(TileGrid grid, int width, int row, int column) {
    int tile = row / TileGrid.TILE_ROWS;
    int half = row % TileGrid.TILE_ROWS / 8;
    int lane = row % 8 * 4 + column % 32 / 8;
    int chunk = column / TileGrid.CHUNK_COLUMNS;
    int word = Fields.word(pairOf(column), width);
    return width == 2
        ? grid.quad(tile, chunk, lane, 2 * half + word)
        : (((tile * grid.chunks() + chunk) * 2 + half) * TileGrid.LANES + lane) * 4 + word;
  }
}

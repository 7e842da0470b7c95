package tributary.tensor.format.tiles;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.tensor.format.SignPlanes;

/**
 * One plane of bits, as {@link SignPlanes} lays it out, in the order of sign tiles: pair words of
 * which word h of lane (g, t) belongs to output g of half h.
 *
 * <p>Of chunk inputs {@code 32 c + 8 t + 2 i} and the next (c, i in 0 .. 3), the first is at bit
 * {@code 12 + (2 c + i / 2) % 4 - 8 (c / 2) - 4 (i % 2)} of the word and the second 16 bits above:
 * there a sign can be tested in a bf16 number without a shift of its own. The planes of {@link
 * tributary.tensor.format.LookupPlanes} lie the same way, so that one kernel packs both; its kernel
 * composes a code from the same bit of as many words as planes are served.
 */
public final class SignTiles {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private SignTiles() {}

  /** The lowest bit of inputs {@code 32 c + 8 t + 2 i} and the next in their word. */
  static int bit(int c, int i) {
    return 12 + (2 * c + i / 2) % 4 - 8 * (c / 2) - 4 * (i % 2);
  }

  private static int wordOf(TileGrid grid, int row, int column) {
    int within = row % TileGrid.TILE_ROWS;
    int lane = within % 8 * 4 + column % 32 / 8;
    int chunk = column / TileGrid.CHUNK_COLUMNS;
    return grid.pair(row / TileGrid.TILE_ROWS, chunk, lane, within / 8);
  }

  private static int bitOf(int column) {
    int c = column % TileGrid.CHUNK_COLUMNS / 32;
    return bit(c, column % 8 / 2) + column % 2 * 16;
  }

  /** One bit of a plane in tiles. */
  static int get(int[] tiles, TileGrid grid, int row, int column) {
    return tiles[wordOf(grid, row, column)] >>> bitOf(column) & 1;
  }

  /** Sets a bit of a plane in tiles that is still 0. */
  static void put(int[] tiles, TileGrid grid, int row, int column, int value) {
    tiles[wordOf(grid, row, column)] |= value << bitOf(column);
  }

  /**
   * The words of a plane.
   *
   * @param plane [rows, ceil(columns / 64)] words, as in {@link SignPlanes}
   */
  public static int[] pack(MemorySegment plane, TileGrid grid) {
    int[] tiles = new int[grid.words(2)];
    for (int row = 0; row < grid.rows(); row++) {
      for (int column = 0; column < grid.columns(); column++) {
        long word = plane.getAtIndex(WORD, wordOfPlane(grid, row, column));
        put(tiles, grid, row, column, (int) (word >>> (column % Long.SIZE) & 1));
      }
    }
    return tiles;
  }

  /** The plane whose words these are. */
  public static MemorySegment unpack(int[] tiles, TileGrid grid) {
    long[] words = new long[grid.rows() * SignPlanes.wordsPerRow(grid.columns())];
    MemorySegment plane = MemorySegment.ofArray(words);
    for (int row = 0; row < grid.rows(); row++) {
      for (int column = 0; column < grid.columns(); column++) {
        long at = wordOfPlane(grid, row, column);
        long bit = (long) get(tiles, grid, row, column) << (column % Long.SIZE);
        plane.setAtIndex(WORD, at, plane.getAtIndex(WORD, at) | bit);
      }
    }
    return plane;
  }

  private static long wordOfPlane(TileGrid grid, int row, int column) {
    return (long) row * SignPlanes.wordsPerRow(grid.columns()) + column / Long.SIZE;
  }
}

package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tributary.gpu.SequenceRows;

/**
 * Rows that attend together, {@code QueryTile} of {@code step.cuh}.
 *
 * @param address of the tiles
 * @param count of them; none where each row attends by itself
 */
record QueryTiles(long address, int count) {
  static final QueryTiles NONE = new QueryTiles(0, 0);

  /** Rows of a tile at most. */
  static final int ROWS = 64;

  private static final int BYTES = 16;

  private record Tile(int firstRow, int rows, int firstPosition, int pageTable) {}

  /** Bytes of the tiles of these pieces. */
  static long bytes(List<SequenceRows> pieces) {
    return (long) BYTES * pieces.stream().mapToInt(piece -> Math.ceilDiv(piece.rows(), ROWS)).sum();
  }

  /** Writes the tiles of pieces whose rows and page tables follow one another; returns how many. */
  static int write(MemorySegment to, List<SequenceRows> pieces) {
    List<Tile> tiles = new ArrayList<>();
    int firstRow = 0;
    int pageTable = 0;
    for (SequenceRows piece : pieces) {
      for (int row = 0; row < piece.rows(); row += ROWS) {
        int rows = Math.min(ROWS, piece.rows() - row);
        tiles.add(new Tile(firstRow + row, rows, piece.firstPosition() + row, pageTable));
      }
      firstRow += piece.rows();
      pageTable += piece.pages().length;
    }
    // What takes longest begins first, so that the device is busy to the end.
    tiles.sort(Comparator.comparingInt(tile -> -tile.firstPosition));
    for (int i = 0; i < tiles.size(); i++) {
      Tile tile = tiles.get(i);
      long at = (long) i * BYTES;
      to.set(ValueLayout.JAVA_INT, at, tile.firstRow);
      to.set(ValueLayout.JAVA_INT, at + Integer.BYTES, tile.rows);
      to.set(ValueLayout.JAVA_INT, at + 2 * Integer.BYTES, tile.firstPosition);
      to.set(ValueLayout.JAVA_INT, at + 3 * Integer.BYTES, tile.pageTable);
    }
    return tiles.size();
  }
}

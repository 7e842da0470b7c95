package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import tributary.gpu.RowRun;

/**
 * Rows of one variant that are multiplied together, {@code RowTile} of {@code prefill_linear.cu}:
 * those of the base, then those of each run.
 *
 * @param address of the tiles
 * @param ends for the base and each run, how many tiles there are up to its last
 */
record RowTiles(long address, List<Integer> ends) {
  /** Rows of a tile at most. */
  static final int ROWS = 256;

  static final int BYTES = 16;

  RowTiles {
    ends = List.copyOf(ends);
  }

  int runs() {
    return ends.size() - 1;
  }

  /** Tiles before those of a run, counted from 0. */
  int before(int run) {
    return ends.get(run);
  }

  /** Bytes of the tiles of so many rows and runs at most: between runs there may be the base's. */
  static long bytesMax(int rows, int runs) {
    return (long) BYTES * (rows / ROWS + 2 * runs + 1);
  }

  /** Writes the tiles of rows; those of no run are the base's. */
  static RowTiles write(MemorySegment to, long address, int rows, List<? extends RowRun<?>> runs) {
    int count = 0;
    int next = 0;
    for (RowRun<?> run : runs) {
      count = write(to, count, next, run.firstRow() - next, 0);
      next = run.endRow();
    }
    count = write(to, count, next, rows - next, 0);
    List<Integer> ends = new ArrayList<>(List.of(count));
    for (int i = 0; i < runs.size(); i++) {
      count = write(to, count, runs.get(i).firstRow(), runs.get(i).rows(), i + 1);
      ends.add(count);
    }
    return new RowTiles(address, ends);
  }

  private static int write(MemorySegment to, int count, int firstRow, int rows, int run) {
    int next = count;
    for (int row = 0; row < rows; row += ROWS) {
      long at = (long) BYTES * next++;
      to.set(ValueLayout.JAVA_INT, at, firstRow + row);
      to.set(ValueLayout.JAVA_INT, at + Integer.BYTES, Math.min(ROWS, rows - row));
      to.set(ValueLayout.JAVA_INT, at + 2 * Integer.BYTES, run);
      to.set(ValueLayout.JAVA_INT, at + 3 * Integer.BYTES, 0);
    }
    return next;
  }
}

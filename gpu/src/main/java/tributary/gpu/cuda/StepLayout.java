package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import tributary.gpu.program.Draw;

/**
 * What a step's kernels read about the batch, {@code Step} of {@code step.cuh}:
 *
 * <pre>
 *     0  int rows, runs, 2 reserved
 *    16  run[32]         address of projections, address of vectors, int firstRow, rows, 2 reserved
 *  1040  draw[32]        long unit, float scale, topP, minP, int topK
 *  1808  row[]           int token, position, first entry of the row's page table among those of the
 *                        batch, and its run, from 1; 0 where it is the base's
 * </pre>
 *
 * Page tables follow, one entry an int. Rows are 32 for decode kernels, of prompts as many as there
 * are.
 */
final class StepLayout {
  /** Rows of one launch at most. */
  static final int ROWS_MAX = 32;

  /** Runs of one launch at most. */
  static final int RUNS_MAX = 32;

  private static final int RUN = 16;
  private static final int RUN_BYTES = 32;
  private static final int DRAW = RUN + RUNS_MAX * RUN_BYTES;
  private static final int DRAW_BYTES = 24;
  private static final int ROW = DRAW + ROWS_MAX * DRAW_BYTES;
  private static final int ROW_BYTES = 16;

  /** Past this a temperature is as good as none, and its inverse still finite. */
  private static final double SCALE_MAX = 1e30;

  private static final double UNIT = 0x1.0p53;

  private StepLayout() {}

  /** Where page tables begin behind so many rows. */
  static long bytes(int rows) {
    return ROW + (long) rows * ROW_BYTES;
  }

  /**
   * @param rows in use
   * @param room rows that there is room for
   */
  static void clear(MemorySegment step, int rows, int room) {
    step.asSlice(0, bytes(room)).fill((byte) 0);
    step.set(ValueLayout.JAVA_INT, 0, rows);
  }

  static void addRun(MemorySegment step, CudaTenant tenant, int firstRow, int rows) {
    int runs = step.get(ValueLayout.JAVA_INT, Integer.BYTES);
    long at = RUN + (long) runs * RUN_BYTES;
    step.set(ValueLayout.JAVA_LONG, at, tenant.projections());
    step.set(ValueLayout.JAVA_LONG, at + Long.BYTES, tenant.vectors());
    step.set(ValueLayout.JAVA_INT, at + 2 * Long.BYTES, firstRow);
    step.set(ValueLayout.JAVA_INT, at + 2 * Long.BYTES + Integer.BYTES, rows);
    step.set(ValueLayout.JAVA_INT, Integer.BYTES, runs + 1);
    for (int row = firstRow; row < firstRow + rows; row++) {
      step.set(ValueLayout.JAVA_INT, bytes(row) + 3 * Integer.BYTES, runs + 1);
    }
  }

  static void setRow(MemorySegment step, int row, int token, int position, int pageTable) {
    step.set(ValueLayout.JAVA_INT, bytes(row), token);
    step.set(ValueLayout.JAVA_INT, bytes(row) + Integer.BYTES, position);
    step.set(ValueLayout.JAVA_INT, bytes(row) + 2 * Integer.BYTES, pageTable);
  }

  static void setDraw(MemorySegment step, int row, Draw draw) {
    long at = DRAW + (long) row * DRAW_BYTES;
    double scale =
        draw.isGreedy() ? 0 : Math.min(1 / (Math.log(2) * draw.temperature()), SCALE_MAX);
    step.set(ValueLayout.JAVA_LONG, at, (long) (draw.unit() * UNIT) << 11);
    step.set(ValueLayout.JAVA_FLOAT, at + 8, (float) scale);
    step.set(ValueLayout.JAVA_FLOAT, at + 12, (float) draw.topP());
    step.set(ValueLayout.JAVA_FLOAT, at + 16, (float) draw.minP());
    step.set(ValueLayout.JAVA_INT, at + 20, draw.topK());
  }

  /** Address of what the rows draw with. */
  static long draws(long step) {
    return step + DRAW;
  }
}

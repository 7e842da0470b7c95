package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a step's kernels read about the batch, {@code Step} of {@code step.cuh}:
 *
 * <pre>
 *     0  int rows, runs, 2 reserved
 *    16  run[32]         address of projections, address of vectors, int firstRow, rows, 2 reserved
 *  1040  int token[32]
 *  1168  int position[32]
 *  1296  int pageTable[32]      first entry of the row's page table among those of the batch
 *  1424  end
 * </pre>
 */
final class StepLayout {
  /** Rows of one launch at most. */
  static final int ROWS_MAX = 32;

  static final int BYTES = 1424;

  private static final int RUN = 16;
  private static final int RUN_BYTES = 32;
  private static final int TOKEN = 1040;
  private static final int POSITION = 1168;
  private static final int PAGE_TABLE = 1296;

  private StepLayout() {}

  static void clear(MemorySegment step, int rows) {
    step.asSlice(0, BYTES).fill((byte) 0);
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
  }

  static void setRow(MemorySegment step, int row, int token, int position, int pageTable) {
    long at = (long) row * Integer.BYTES;
    step.set(ValueLayout.JAVA_INT, TOKEN + at, token);
    step.set(ValueLayout.JAVA_INT, POSITION + at, position);
    step.set(ValueLayout.JAVA_INT, PAGE_TABLE + at, pageTable);
  }
}

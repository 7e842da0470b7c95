package tributary.compression.spqr;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.compression.solver.ColumnSweep;
import tributary.compression.solver.Curvature;
import tributary.compression.solver.StoredScale;
import tributary.compression.spqr.SpqrEncoder.Statistics;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;

/**
 * Codes columns within the sweep: at the start of a group every row gets its grid, through the
 * statistics that will be stored, and what a grid misses by too much becomes an outlier.
 */
final class GroupCoder implements ColumnSweep.Coder {
  /**
   * What to code to.
   *
   * @param threshold cost of a miss past which a weight is an outlier
   */
  record Plan(int bits, int groupColumns, Statistics statistics, double threshold) {}

  /** A scale below this makes residuals too small for fp16. */
  private static final float HALF_MIN = 0x1p-18f;

  private final Plan plan;
  private final int rows;
  private final int columns;
  private final int groups;
  private final double[] costs;
  private final byte[] codes;
  private final Grid[] grids;
  private final float[] scales;
  private final float[] zeros;
  private final StatisticsRun[] scaleRuns;
  private final StatisticsRun[] zeroRuns;
  private final float[] residuals;

  GroupCoder(int rows, Curvature curvature, Plan plan) {
    this.plan = plan;
    this.rows = rows;
    this.columns = curvature.columns();
    this.groups = Math.ceilDiv(columns, plan.groupColumns);
    this.costs = new double[columns];
    for (int j = 0; j < columns; j++) {
      double diagonal = curvature.factor()[j * columns + j];
      costs[j] = 1 / (diagonal * diagonal);
    }
    int runs = Math.ceilDiv(rows, plan.statistics.runRows());
    this.codes = new byte[rows * columns];
    this.grids = new Grid[rows];
    this.scales = new float[rows * groups];
    this.zeros = new float[rows * groups];
    this.scaleRuns = new StatisticsRun[groups * runs];
    this.zeroRuns = new StatisticsRun[groups * runs];
    this.residuals = new float[rows * columns];
  }

  @Override
  public void code(double[] weights, int column, int firstRow, int endRow, double[] decoded) {
    if (column % plan.groupColumns == 0) {
      beginGroup(weights, column, firstRow, endRow);
    }
    for (int row = firstRow; row < endRow; row++) {
      int at = row * columns + column;
      Grid grid = grids[row];
      int code = grid.code(weights[at]);
      codes[at] = (byte) code;
      decoded[row - firstRow] = grid.value(code);
      double miss = weights[at] - grid.value(code);
      if (miss * miss * costs[column] > plan.threshold) {
        residuals[at] = grid.scale() < HALF_MIN ? (float) miss : StoredScale.half(miss);
        decoded[row - firstRow] = weights[at];
      }
    }
  }

  private void beginGroup(double[] weights, int first, int firstRow, int endRow) {
    int end = Math.min(columns, first + plan.groupColumns);
    double[] groupCosts = Arrays.copyOfRange(costs, first, end);
    for (int row = firstRow; row < endRow; row++) {
      double[] group = Arrays.copyOfRange(weights, row * columns + first, row * columns + end);
      grids[row] = LikelyOutliers.gridOfOthers(group, groupCosts, plan.bits, plan.threshold);
    }
    int group = first / plan.groupColumns;
    int runRows = plan.statistics.runRows();
    for (int row = firstRow; row < endRow; row += runRows) {
      store(group, row, Math.min(endRow, row + runRows));
    }
  }

  /** Replaces the grids of a run of rows by what will be stored of them. */
  private void store(int group, int firstRow, int endRow) {
    int count = endRow - firstRow;
    float[] exactScales = new float[count];
    float[] exactZeros = new float[count];
    boolean[] all = new boolean[count];
    boolean[] notZero = new boolean[count];
    for (int i = 0; i < count; i++) {
      exactScales[i] = grids[firstRow + i].scale();
      exactZeros[i] = grids[firstRow + i].zero();
      all[i] = true;
      notZero[i] = exactScales[i] != 0;
    }
    Statistics statistics = plan.statistics;
    if (statistics.bits() == 0) {
      for (int i = 0; i < count; i++) {
        float scale = StoredScale.nearest(exactScales[i]);
        use(group, firstRow + i, scale, StoredScale.half(exactZeros[i]));
      }
      return;
    }
    StatisticsRun scaleRun = StatisticsRun.of(exactScales, all, statistics.bits());
    StatisticsRun zeroRun = StatisticsRun.of(exactZeros, notZero, statistics.bits());
    int run = group * Math.ceilDiv(rows, statistics.runRows()) + firstRow / statistics.runRows();
    scaleRuns[run] = scaleRun;
    zeroRuns[run] = zeroRun;
    for (int i = 0; i < count; i++) {
      use(group, firstRow + i, scaleRun.value(i), zeroRun.value(i));
    }
  }

  private void use(int group, int row, float scale, float zero) {
    scales[row * groups + group] = scale;
    zeros[row * groups + group] = zero;
    grids[row] = new Grid(scale, zero, grids[row].largest());
  }

  /**
   * The coded matrix.
   *
   * @param order the column of each position of the sweep; null when they are the same
   */
  @SuppressWarnings("NullAway") // Class files drop annotations of a compact constructor.
  GroupedCodes packed(int @Nullable [] order, Arena arena) {
    MemorySegment packed = arena.allocate(GroupedCodes.codeBytes(rows, columns, plan.bits));
    for (int row = 0; row < rows; row++) {
      long start = row * BitStream.bytes(columns, plan.bits);
      for (int position = 0; position < columns; position++) {
        int code = codes[row * columns + position] & 0xFF;
        BitStream.put(packed, start, position, plan.bits, code);
      }
    }
    GroupStatistics statistics =
        plan.statistics.bits() == 0
            ? new GroupStatistics.Plain(groups, scales, zeros)
            : bilevel(arena);
    return new GroupedCodes(
        rows, columns, plan.bits, plan.groupColumns, packed, statistics, order, outliers(order));
  }

  private GroupStatistics bilevel(Arena arena) {
    int bits = plan.statistics.bits();
    int runRows = plan.statistics.runRows();
    return new GroupStatistics.Bilevel(
        rows,
        groups,
        bits,
        runRows,
        runCodes(scaleRuns, arena),
        runCodes(zeroRuns, arena),
        runGrids(scaleRuns),
        runGrids(zeroRuns));
  }

  private MemorySegment runCodes(StatisticsRun[] runs, Arena arena) {
    int bits = plan.statistics.bits();
    int runsPerGroup = Math.ceilDiv(rows, plan.statistics.runRows());
    MemorySegment packed = arena.allocate(GroupStatistics.Bilevel.codeBytes(rows, groups, bits));
    for (int run = 0; run < runs.length; run++) {
      long start = run / runsPerGroup * BitStream.bytes(rows, bits);
      int firstRow = run % runsPerGroup * plan.statistics.runRows();
      byte[] runCodes = runs[run].codes();
      for (int i = 0; i < runCodes.length; i++) {
        BitStream.put(packed, start, firstRow + i, bits, runCodes[i] & 0xFF);
      }
    }
    return packed;
  }

  private static float[] runGrids(StatisticsRun[] runs) {
    float[] numbers = new float[2 * runs.length];
    for (int run = 0; run < runs.length; run++) {
      numbers[2 * run] = runs[run].scale();
      numbers[2 * run + 1] = runs[run].zero();
    }
    return numbers;
  }

  private GroupedCodes.Outliers outliers(int @Nullable [] order) {
    int[] offsets = new int[rows + 1];
    for (int row = 0; row < rows; row++) {
      offsets[row + 1] = offsets[row];
      for (int at = row * columns; at < (row + 1) * columns; at++) {
        offsets[row + 1] += residuals[at] == 0 ? 0 : 1;
      }
    }
    int[] outlierColumns = new int[offsets[rows]];
    float[] values = new float[offsets[rows]];
    int[] positions = positions(order);
    int next = 0;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        float residual = residuals[row * columns + positions[column]];
        if (residual != 0) {
          outlierColumns[next] = column;
          values[next++] = residual;
        }
      }
    }
    return new GroupedCodes.Outliers(offsets, outlierColumns, values);
  }

  /** Where each column is in the sweep. */
  private int[] positions(int @Nullable [] order) {
    int[] positions = new int[columns];
    for (int position = 0; position < columns; position++) {
      positions[order == null ? position : order[position]] = position;
    }
    return positions;
  }
}

package tributary.compression.solver;

import java.util.stream.IntStream;

/**
 * Codes a matrix column after column; what a column misses, the columns after it make up for as far
 * as the curvature allows.
 *
 * <pre>
 * for j = 0 .. K-1:   q := code(w[:, j])   e[:, j] := (w[:, j] - q) / U[j, j]
 *                     w[:, k] -= e[:, j] * U[j, k]   for k > j
 *
 * w [N, K] row-major, fp64   U [K, K] the curvature's factor
 * </pre>
 *
 * <p>Columns of a block are compensated at once, those past it when the block is done. Rows do not
 * depend on each other and are swept in parallel, a panel of neighbouring rows at a time. For the
 * difference E between what came in and what it decodes to, {@code E = e U} and so {@code E H E^T =
 * e e^T}: the squared row sums of e are the output errors of the rows.
 */
public final class ColumnSweep {
  /** Columns of a block, where the coder does not ask for others. */
  public static final int BLOCK_COLUMNS = 128;

  /** Rows of a panel, where the coder does not ask for others. */
  public static final int PANEL_ROWS = 16;

  /** Columns past the block that are compensated together: their factor stays in a near cache. */
  private static final int TILE_COLUMNS = 256;

  /** Chooses codes, and keeps them. */
  public interface Coder {
    /**
     * Sees all rows before columns {@code [first, end)}, one block, are coded.
     *
     * @param weights [N, K], compensated for the columns before the block
     */
    default void beginBlock(double[] weights, int first, int end) {}

    /**
     * Codes one column of one panel. Panels are coded at the same time by different threads.
     *
     * @param weights [N, K]; in the panel's rows the columns of this block are compensated for all
     *     columns before this one
     * @param decoded where to put what row {@code firstRow + i} decodes to
     */
    void code(double[] weights, int column, int firstRow, int endRow, double[] decoded);
  }

  /**
   * How the work is cut; changes rounding and speed only, unless the coder looks at whole blocks.
   *
   * @param blockColumns a coder that looks at columns ahead of the one at hand must find them in
   *     the same block
   */
  public record Cut(int blockColumns, int panelRows) {
    /** The usual one. */
    public static final Cut USUAL = new Cut(BLOCK_COLUMNS, PANEL_ROWS);

    public Cut {
      if (blockColumns < 1 || panelRows < 1) {
        throw new IllegalArgumentException(
            "sweep of blocks of %d columns and panels of %d rows; wanted at least 1"
                .formatted(blockColumns, panelRows));
      }
    }
  }

  private final double[] weights;
  private final double[] errors;
  private final int columns;
  private final double[] factor;
  private final Cut cut;
  private final Coder coder;

  private ColumnSweep(double[] weights, Curvature curvature, Cut cut, Coder coder) {
    this.weights = weights;
    this.errors = new double[weights.length];
    this.columns = curvature.columns();
    this.factor = curvature.factor();
    this.cut = cut;
    this.coder = coder;
  }

  /**
   * Sweeps {@code weights} [N, K], which are used up. Weights of dead columns become 0 first.
   *
   * @return e [N, K], see above
   */
  public static double[] run(double[] weights, Curvature curvature, Cut cut, Coder coder) {
    int columns = curvature.columns();
    if (weights.length % columns != 0) {
      throw new IllegalArgumentException(
          "sweep of %d weights with curvature of %d columns".formatted(weights.length, columns));
    }
    for (int column = 0; column < columns; column++) {
      for (int at = column; curvature.isDead(column) && at < weights.length; at += columns) {
        weights[at] = 0;
      }
    }
    ColumnSweep sweep = new ColumnSweep(weights, curvature, cut, coder);
    for (int first = 0; first < columns; first += cut.blockColumns) {
      sweep.block(first, Math.min(columns, first + cut.blockColumns));
    }
    return sweep.errors;
  }

  private void block(int first, int end) {
    coder.beginBlock(weights, first, end);
    int rows = weights.length / columns;
    IntStream.range(0, Math.ceilDiv(rows, cut.panelRows))
        .parallel()
        .forEach(panel -> {
          int firstRow = panel * cut.panelRows;
          int endRow = Math.min(rows, firstRow + cut.panelRows);
          code(first, end, firstRow, endRow);
          compensate(first, end, firstRow, endRow);
        });
  }

  /** Codes the columns of a block, and compensates those after each within the block. */
  private void code(int first, int end, int firstRow, int endRow) {
    double[] decoded = new double[endRow - firstRow];
    for (int j = first; j < end; j++) {
      coder.code(weights, j, firstRow, endRow, decoded);
      double diagonal = factor[j * columns + j];
      for (int row = firstRow; row < endRow; row++) {
        int at = row * columns;
        double error = (weights[at + j] - decoded[row - firstRow]) / diagonal;
        errors[at + j] = error;
        subtract(at, j + 1, end, error, j * columns);
      }
    }
  }

  private void subtract(int row, int from, int to, double error, int factorRow) {
    for (int k = from; k < to; k++) {
      weights[row + k] -= error * factor[factorRow + k];
    }
  }

  /** Compensates the columns past a block for all its errors, a tile of columns at a time. */
  private void compensate(int first, int end, int firstRow, int endRow) {
    for (int from = end; from < columns; from += TILE_COLUMNS) {
      int to = Math.min(columns, from + TILE_COLUMNS);
      for (int row = firstRow; row < endRow; row++) {
        int at = row * columns;
        int j = first;
        for (; j + 4 <= end; j += 4) {
          subtractFour(at, from, to, j);
        }
        for (; j < end; j++) {
          subtract(at, from, to, errors[at + j], j * columns);
        }
      }
    }
  }

  /** Four columns' errors at once, so that each weight is loaded and stored once for them. */
  private void subtractFour(int row, int from, int to, int j) {
    double e0 = errors[row + j];
    double e1 = errors[row + j + 1];
    double e2 = errors[row + j + 2];
    double e3 = errors[row + j + 3];
    int f0 = j * columns;
    int f1 = f0 + columns;
    int f2 = f1 + columns;
    int f3 = f2 + columns;
    for (int k = from; k < to; k++) {
      weights[row + k] -=
          e0 * factor[f0 + k] + e1 * factor[f1 + k] + e2 * factor[f2 + k] + e3 * factor[f3 + k];
    }
  }
}

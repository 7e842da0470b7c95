package tributary.compression.bitdelta;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Work over the rows of a difference, in parallel over blocks of rows. Blocks do not depend on the
 * machine and their results are added in order, so that results do not depend on it either.
 */
final class RowBlocks {
  private static final int BLOCK_ROWS = 32;

  /** One row's part of the work. */
  interface Step {
    /**
     * Works on one row.
     *
     * @param row its values, which may be changed
     * @param totals to which this row's share is added
     */
    void apply(int index, float[] row, double[] totals);
  }

  private RowBlocks() {}

  /** Runs the step on every row and returns the totals, {@code width} of them. */
  static double[] sums(Difference difference, int width, Step step) {
    int rows = difference.rows();
    List<double[]> blocks =
        IntStream.range(0, Math.ceilDiv(rows, BLOCK_ROWS))
            .parallel()
            .mapToObj(block -> block(difference, block * BLOCK_ROWS, width, step))
            .toList();
    double[] totals = new double[width];
    for (double[] block : blocks) {
      for (int i = 0; i < width; i++) {
        totals[i] += block[i];
      }
    }
    return totals;
  }

  private static double[] block(Difference difference, int first, int width, Step step) {
    float[] row = new float[difference.columns()];
    float[] scratch = new float[difference.columns()];
    double[] totals = new double[width];
    for (int index = first; index < Math.min(difference.rows(), first + BLOCK_ROWS); index++) {
      difference.readRow(index, row, scratch);
      step.apply(index, row, totals);
    }
    return totals;
  }
}

package tributary.compression.bitdelta;

import java.util.stream.IntStream;

/**
 * Work over the rows of a difference, in parallel over blocks of rows. Blocks do not depend on the
 * machine and their results are added in order, so that results do not depend on it either.
 */
final class RowBlocks {
  private static final int BLOCK_ROWS = 32;

  /** One row's part of the work. {@code row} is read already. */
  interface Step {
    /** Returns this row's share of the sum. */
    double apply(int index, float[] row);
  }

  private RowBlocks() {}

  static double sum(Difference difference, Step step) {
    int rows = difference.rows();
    double[] sums =
        IntStream.range(0, Math.ceilDiv(rows, BLOCK_ROWS))
            .parallel()
            .mapToDouble(block -> {
              float[] row = new float[difference.columns()];
              float[] scratch = new float[difference.columns()];
              int first = block * BLOCK_ROWS;
              double sum = 0;
              for (int index = first; index < Math.min(rows, first + BLOCK_ROWS); index++) {
                difference.readRow(index, row, scratch);
                sum += step.apply(index, row);
              }
              return sum;
            })
            .toArray();
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    return total;
  }
}

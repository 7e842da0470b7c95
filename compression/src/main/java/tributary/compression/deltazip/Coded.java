package tributary.compression.deltazip;

import java.util.Arrays;

/**
 * A coded matrix before it is packed.
 *
 * @param groupColumns inputs that share a scale
 * @param scales [rows, groups]
 * @param codes [rows, columns]; 0 where pruned
 * @param pruned [rows, columns]
 * @param losses [rows]: output errors, squared and summed over the calibration tokens
 */
@SuppressWarnings("ArrayRecordComponent") // Filled by a sweep, packed, and gone.
record Coded(
    int rows,
    int columns,
    int groupColumns,
    Levels levels,
    float[] scales,
    byte[] codes,
    boolean[] pruned,
    double[] losses) {
  /** Losses that differ by less, as a share, differ by rounding. */
  private static final double ROUNDING = 1e-9;

  static Coded empty(int rows, int columns, int groupColumns, Levels levels) {
    return new Coded(
        rows,
        columns,
        groupColumns,
        levels,
        new float[rows * Math.ceilDiv(columns, groupColumns)],
        new byte[rows * columns],
        new boolean[rows * columns],
        new double[rows]);
  }

  /** Scales of a row. */
  int groups() {
    return Math.ceilDiv(columns, groupColumns);
  }

  /** The scale of a weight. */
  float scale(int row, int column) {
    return scales[row * groups() + column / groupColumns];
  }

  /** The code of a weight; of a pruned one that of 0. */
  int code(int row, int column) {
    int at = row * columns + column;
    return pruned[at] ? (int) levels.zero() : codes[at] & 0xFF;
  }

  boolean isPruned(int row, int column) {
    return pruned[row * columns + column];
  }

  double loss() {
    return Arrays.stream(losses).sum();
  }

  /**
   * Takes over the rows that {@code other}, of the same levels, codes with less loss, and not just
   * by rounding: two codes of the same values have the same loss.
   */
  void takeBetterRows(Coded other) {
    int groups = groups();
    for (int row = 0; row < rows; row++) {
      if (other.losses[row] < (1 - ROUNDING) * losses[row]) {
        System.arraycopy(other.scales, row * groups, scales, row * groups, groups);
        System.arraycopy(other.codes, row * columns, codes, row * columns, columns);
        System.arraycopy(other.pruned, row * columns, pruned, row * columns, columns);
        losses[row] = other.losses[row];
      }
    }
  }
}

package tributary.compression.deltazip;

import java.util.Arrays;

/**
 * A coded matrix before it is packed.
 *
 * @param groups scales of a row
 * @param scales [rows, groups]
 * @param codes [rows, columns]; 0 where pruned
 * @param pruned [rows, columns]
 * @param losses [rows]: output errors, squared and summed over the calibration tokens
 */
@SuppressWarnings("ArrayRecordComponent") // Filled by a sweep, packed, and gone.
record Coded(
    int rows,
    int columns,
    int groups,
    Levels levels,
    float[] scales,
    byte[] codes,
    boolean[] pruned,
    double[] losses) {
  static Coded empty(int rows, int columns, int groups, Levels levels) {
    return new Coded(
        rows,
        columns,
        groups,
        levels,
        new float[rows * groups],
        new byte[rows * columns],
        new boolean[rows * columns],
        new double[rows]);
  }

  float scale(int row, int group) {
    return scales[row * groups + group];
  }

  int code(int row, int column) {
    return codes[row * columns + column] & 0xFF;
  }

  boolean isPruned(int row, int column) {
    return pruned[row * columns + column];
  }

  double loss() {
    return Arrays.stream(losses).sum();
  }

  /** Takes over the rows that {@code other}, of the same levels, codes with less loss. */
  void takeBetterRows(Coded other) {
    for (int row = 0; row < rows; row++) {
      if (other.losses[row] < losses[row]) {
        System.arraycopy(other.scales, row * groups, scales, row * groups, groups);
        System.arraycopy(other.codes, row * columns, codes, row * columns, columns);
        System.arraycopy(other.pruned, row * columns, pruned, row * columns, columns);
        losses[row] = other.losses[row];
      }
    }
  }
}

package tributary.gpu.cuda;

/**
 * Where a matrix's rows lie among merged outputs: {@code first + row}, or, interleaved, in groups
 * of eight, every other group.
 */
record Placement(int first, boolean interleaved) {
  static final Placement ALONE = new Placement(0, false);
  private static final int GROUP = 8;

  int output(int row) {
    return first + (interleaved ? row / GROUP * 2 * GROUP + row % GROUP : row);
  }

  /**
   * Outputs from the first on that so many rows lie among; interleaved ones share them with others.
   */
  int extent(int rows) {
    return interleaved ? 2 * rows : rows;
  }

  /** The placement of the rows from {@code row} on, a multiple of 8. */
  Placement from(int row) {
    return new Placement(output(row), interleaved);
  }
}

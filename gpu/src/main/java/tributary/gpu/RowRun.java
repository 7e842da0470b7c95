package tributary.gpu;

/**
 * A run of neighbouring rows of a batch that share an operand, such as one tenant's delta. Lists of
 * runs are ascending and do not overlap; rows outside every run have no such operand.
 */
public record RowRun<T>(int firstRow, int rows, T operand) {
  public RowRun {
    if (firstRow < 0 || rows < 1) {
      throw new IllegalArgumentException("row run: firstRow=" + firstRow + " rows=" + rows);
    }
  }

  /** One past the last row. */
  public int endRow() {
    return firstRow + rows;
  }
}

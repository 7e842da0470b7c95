package tributary.gpu.vector;

/**
 * The input rows of a block as the tiles read them: in {@link SplitOrder}, and as {@link
 * SignTable}s where sign planes are to be applied. Memory is kept from block to block.
 */
final class InputRows {
  private float[] split = new float[0];
  private float[] tables = new float[0];
  private int columns;
  private int length;
  private int tableLength;

  /** Makes room; what was prepared before is void. */
  void begin(int rows, int newColumns, boolean withTables) {
    columns = newColumns;
    length = SplitOrder.length(columns);
    if (split.length < rows * length) {
      split = new float[rows * length];
    }
    tableLength = SignTable.length(columns);
    if (withTables && tables.length < Math.multiplyExact(rows, tableLength)) {
      tables = new float[rows * tableLength];
    }
  }

  /** Takes row {@code row} of the block from {@code x[first..]}. */
  void prepare(int row, float[] x, int first, boolean withTable) {
    SplitOrder.copy(x, first, columns, split, row * length);
    if (withTable) {
      SignTable.fill(x, first, columns, tables, table(row));
    }
  }

  float[] split() {
    return split;
  }

  /** Of a row in {@link #split}. */
  int length() {
    return length;
  }

  float[] tables() {
    return tables;
  }

  /** Where the table of a row begins. */
  int table(int row) {
    return row * tableLength;
  }
}

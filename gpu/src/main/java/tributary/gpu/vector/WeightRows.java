package tributary.gpu.vector;

import java.lang.foreign.MemorySegment;

/** Weight rows from which register tiles can be computed, whatever their element type. */
sealed interface WeightRows {
  /**
   * Tile of weight rows [row, row + 4) and four input rows, as {@link Bf16Tile#fourByFour}.
   *
   * @param ahead the first of two rows that will be needed soon
   * @return what was read of them, to be kept
   */
  long fourByFour(int row, int ahead, float[] x, int x0, float[] sums);

  /** Tile of weight rows [row, row + 8) and one input row, as {@link Bf16Tile#eightByOne}. */
  void eightByOne(int row, float[] x, int x0, float[] sums, int at);

  /** The product of one weight row and one input row. */
  float oneByOne(int row, float[] x, int x0);

  /** bf16 rows where they lie, a whole number of blocks long. */
  record Direct(MemorySegment weights, int columns) implements WeightRows {
    @Override
    public long fourByFour(int row, int ahead, float[] x, int x0, float[] sums) {
      return Bf16Tile.fourByFour(
          weights, row * rowBytes(), rowBytes(), ahead * rowBytes(), x, x0, columns, sums);
    }

    @Override
    public void eightByOne(int row, float[] x, int x0, float[] sums, int at) {
      Bf16Tile.eightByOne(weights, row * rowBytes(), rowBytes(), x, x0, columns, sums, at);
    }

    @Override
    public float oneByOne(int row, float[] x, int x0) {
      return Bf16Tile.oneByOne(weights, row * rowBytes(), x, x0, columns);
    }

    private long rowBytes() {
      return 2L * columns;
    }
  }

  /**
   * A few rows of any type, widened to fp32 in {@link SplitOrder}.
   *
   * @param firstRow the matrix's row that {@code values} begins with
   * @param length of a row in {@code values}
   */
  record Widened(float[] values, int firstRow, int length) implements WeightRows {
    /** Takes a row of {@code columns} from {@code plain}. */
    void set(int row, float[] plain, int columns) {
      SplitOrder.copy(plain, 0, columns, values, at(row));
    }

    /** Widening has read what lies ahead. */
    @Override
    public long fourByFour(int row, int ahead, float[] x, int x0, float[] sums) {
      Fp32Tile.fourByFour(values, at(row), x, x0, length, sums);
      return 0;
    }

    @Override
    public void eightByOne(int row, float[] x, int x0, float[] sums, int at) {
      Fp32Tile.eightByOne(values, at(row), x, x0, length, sums, at);
    }

    @Override
    public float oneByOne(int row, float[] x, int x0) {
      return Fp32Tile.oneByOne(values, at(row), x, x0, length);
    }

    private int at(int row) {
      return (row - firstRow) * length;
    }
  }
}

package tributary.gpu.vector;

import tributary.gpu.host.HostMatrix;
import tributary.tensor.DType;
import tributary.tensor.format.MatrixCode;

/**
 * Products of a block of input rows with rows of weight matrices, tile after tile.
 *
 * @param x input rows in {@link SplitOrder}
 * @param length of an input row in {@code x}
 * @param target where output (t, n) goes to {@code first + t * stride + n}
 */
record MatrixProduct(float[] x, int length, Target target) {
  /**
   * Where outputs go.
   *
   * @param adds true when they are added to what is there, false when they are put in its place
   */
  record Target(float[] out, int first, int stride, boolean adds) {
    Target adding() {
      return new Target(out, first, stride, true);
    }

    Target shifted(int outputs) {
      return new Target(out, first + outputs, stride, adds);
    }

    /** Outputs (t, n .. n + count). */
    void put(int t, int n, float[] sums, int from, int count) {
      int at = first + t * stride + n;
      if (!adds) {
        System.arraycopy(sums, from, out, at, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        out[at + i] += sums[from + i];
      }
    }

    void put(int t, int n, float sum) {
      int at = first + t * stride + n;
      out[at] = adds ? out[at] + sum : sum;
    }
  }

  /** Weight rows that are widened at a time: a tile's worth for either shape. */
  private static final int WIDENED = 16;

  /** Input rows that take turns: their values stay in a core's own cache. */
  private static final int TURNS = 16;

  /**
   * Sets output {@code shift + n} of input rows [rows, rowsEnd) to their products with weight row
   * n, for n in [weights, weightsEnd).
   */
  void compute(
      HostMatrix matrix,
      int weights,
      int weightsEnd,
      int rows,
      int rowsEnd,
      int shift,
      Scratch scratch) {
    if (rows >= rowsEnd) {
      return;
    }
    var product = new MatrixProduct(x, length, target.shifted(shift));
    if (matrix.view().type() == DType.BF16 && matrix.columns() == length) {
      var direct = new WeightRows.Direct(matrix.view().data(), length);
      product.tiles(direct, weights, weightsEnd, rows, rowsEnd, scratch);
      return;
    }
    for (int n = weights; n < weightsEnd; n += WIDENED) {
      int end = Math.min(n + WIDENED, weightsEnd);
      product.tiles(scratch.widen(matrix, n, end - n), n, end, rows, rowsEnd, scratch);
    }
  }

  /**
   * Adds to output n of input rows [rows, rowsEnd) their products with row n of the code, for n in
   * [weights, weightsEnd).
   */
  void add(MatrixCode code, int weights, int weightsEnd, int rows, int rowsEnd, Scratch scratch) {
    var product = new MatrixProduct(x, length, target.adding());
    for (int n = weights; n < weightsEnd; n += WIDENED) {
      int end = Math.min(n + WIDENED, weightsEnd);
      product.tiles(scratch.decode(code, n, end - n), n, end, rows, rowsEnd, scratch);
    }
  }

  /** A few fours of input rows take turns at four weight rows; then the odd rows. */
  private void tiles(WeightRows weights, int n, int nEnd, int rows, int rowsEnd, Scratch scratch) {
    int fours = rows + (rowsEnd - rows & -4);
    for (int t = rows; t < fours; t += TURNS) {
      turns(weights, n, nEnd, t, Math.min(t + TURNS, fours), scratch);
    }
    for (int t = fours; t < rowsEnd; t++) {
      oneRow(weights, n, nEnd, t, scratch);
    }
  }

  private void turns(
      WeightRows weights, int from, int end, int rows, int rowsEnd, Scratch scratch) {
    int n = from;
    for (; n + 4 <= end; n += 4) {
      for (int t = rows; t < rowsEnd; t += 4) {
        int ahead = ahead(n, end, (t - rows) / 4);
        scratch.touched += weights.fourByFour(n, ahead, x, t * length, scratch.vectors);
        Lanes.sums(scratch.vectors, scratch.sums);
        for (int i = 0; i < 4; i++) {
          target.put(t + i, n, scratch.sums, 4 * i, 4);
        }
      }
    }
    for (; n < end; n++) {
      for (int t = rows; t < rowsEnd; t++) {
        target.put(t, n, weights.oneByOne(n, x, t * length));
      }
    }
  }

  /** The first two turns at four rows bring two of the next four each, as far as there are any. */
  private static int ahead(int n, int end, int turn) {
    int next = n + 4 + 2 * turn;
    return turn < 2 && next + 2 <= end ? next : n;
  }

  private void oneRow(WeightRows weights, int from, int end, int t, Scratch scratch) {
    int n = from;
    for (; n + 16 <= end; n += 16) {
      weights.eightByOne(n, x, t * length, scratch.vectors, 0);
      weights.eightByOne(n + 8, x, t * length, scratch.vectors, 8 * Lanes.COUNT);
      Lanes.sums(scratch.vectors, scratch.sums);
      target.put(t, n, scratch.sums, 0, 16);
    }
    for (; n < end; n++) {
      target.put(t, n, weights.oneByOne(n, x, t * length));
    }
  }
}

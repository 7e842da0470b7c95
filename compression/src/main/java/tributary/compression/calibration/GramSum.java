package tributary.compression.calibration;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.Gemm;

/**
 * Adds up the statistics of one input, chunk by chunk: products of a chunk in fp32, their sums in
 * fp64. Columns are taken in panels, so that little more than half of the symmetric product is
 * computed.
 */
final class GramSum {
  private static final int PANEL_COLUMNS = 256;

  private final int columns;
  private final Gemm gemm;
  private final double[] gram;
  private final double @Nullable [] cross;
  private final float[] product;
  private long tokens;

  /** Statistics of {@code columns} inputs; with {@code crossed}, those of two models' inputs. */
  GramSum(int columns, boolean crossed, Gemm gemm) {
    this.columns = columns;
    this.gemm = gemm;
    this.gram = new double[Math.multiplyExact(columns, columns)];
    this.cross = crossed ? new double[gram.length] : null;
    this.product = new float[crossed ? gram.length : Math.min(PANEL_COLUMNS, columns) * columns];
  }

  /**
   * Adds a chunk.
   *
   * @param student [T, columns], of the model compressed so far
   * @param teacher [T, columns], of the fine-tune; null unless crossed
   */
  void add(Activations student, @Nullable Activations teacher) {
    int rows = student.rows();
    float[] y = values(student);
    for (int left = 0; left < columns; left += PANEL_COLUMNS) {
      int width = Math.min(PANEL_COLUMNS, columns - left);
      float[] panel = part(y, rows, left, width);
      float[] rest = part(y, rows, left, columns - left);
      add(gram, left, panel, rest, new Gemm.Extent(width, columns - left, rows));
    }
    if (cross != null && teacher != null) {
      add(cross, 0, values(teacher), y, new Gemm.Extent(columns, columns, rows));
    }
    tokens += rows;
  }

  InputStatistics statistics() {
    for (int row = 0; row < columns; row++) {
      for (int column = row + 1; column < columns; column++) {
        gram[column * columns + row] = gram[row * columns + column];
      }
    }
    return new InputStatistics(columns, tokens, gram, cross);
  }

  /** Adds {@code a^T b} to the part of {@code sum} that begins at row and column {@code first}. */
  private void add(double[] sum, int first, float[] a, float[] b, Gemm.Extent extent) {
    int n = extent.n();
    Arrays.fill(product, 0, extent.m() * n, 0);
    gemm.addGram(product, a, b, extent);
    for (int i = 0; i < extent.m(); i++) {
      int at = (first + i) * columns + first;
      for (int j = 0; j < n; j++) {
        sum[at + j] += product[i * n + j];
      }
    }
  }

  /** All rows [T, columns]. */
  private float[] values(Activations x) {
    float[] values = new float[x.rows() * columns];
    float[] row = new float[columns];
    for (int t = 0; t < x.rows(); t++) {
      x.readRow(t, row);
      System.arraycopy(row, 0, values, t * columns, columns);
    }
    return values;
  }

  /** Columns {@code [first, first + count)} of all rows. */
  private float[] part(float[] values, int rows, int first, int count) {
    float[] part = new float[rows * count];
    for (int t = 0; t < rows; t++) {
      System.arraycopy(values, t * columns + first, part, t * count, count);
    }
    return part;
  }
}

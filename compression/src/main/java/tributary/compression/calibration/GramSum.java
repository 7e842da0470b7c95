package tributary.compression.calibration;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.Gemm;

/**
 * Adds up the statistics of one input, chunk by chunk: products of a chunk in fp32, their sums in
 * fp64. Columns are taken in panels, so that of the symmetric product only one half is computed.
 */
final class GramSum {
  private static final int PANEL_COLUMNS = 128;

  private final int columns;
  private final Gemm gemm;
  private final double[] gram;
  private final double @Nullable [] cross;
  private final float[] product = new float[PANEL_COLUMNS * PANEL_COLUMNS];
  private long tokens;

  /** Statistics of {@code columns} inputs; with {@code crossed}, those of two models' inputs. */
  GramSum(int columns, boolean crossed, Gemm gemm) {
    this.columns = columns;
    this.gemm = gemm;
    this.gram = new double[Math.multiplyExact(columns, columns)];
    this.cross = crossed ? new double[gram.length] : null;
  }

  /**
   * Adds a chunk.
   *
   * @param student [T, columns], of the model compressed so far
   * @param teacher [T, columns], of the fine-tune; null unless crossed
   */
  void add(Activations student, @Nullable Activations teacher) {
    float[][] y = panels(student);
    for (int left = 0; left < y.length; left++) {
      for (int right = left; right < y.length; right++) {
        add(gram, y, left, y, right, student.rows());
      }
    }
    if (cross != null && teacher != null) {
      float[][] x = panels(teacher);
      for (int left = 0; left < x.length; left++) {
        for (int right = 0; right < y.length; right++) {
          add(cross, x, left, y, right, student.rows());
        }
      }
    }
    tokens += student.rows();
  }

  InputStatistics statistics() {
    for (int row = 0; row < columns; row++) {
      for (int column = row + 1; column < columns; column++) {
        gram[column * columns + row] = gram[row * columns + column];
      }
    }
    return new InputStatistics(columns, tokens, gram, cross);
  }

  private void add(double[] sum, float[][] a, int left, float[][] b, int right, int rows) {
    int m = width(left);
    int n = width(right);
    Arrays.fill(product, 0, m * n, 0);
    gemm.addGram(product, a[left], b[right], new Gemm.Extent(m, n, rows));
    for (int i = 0; i < m; i++) {
      int first = (left * PANEL_COLUMNS + i) * columns + right * PANEL_COLUMNS;
      for (int j = 0; j < n; j++) {
        sum[first + j] += product[i * n + j];
      }
    }
  }

  private int width(int panel) {
    return Math.min(PANEL_COLUMNS, columns - panel * PANEL_COLUMNS);
  }

  /** The columns of each panel, [T, width]. */
  private float[][] panels(Activations x) {
    float[][] panels =
        IntStream.range(0, Math.ceilDiv(columns, PANEL_COLUMNS))
            .mapToObj(panel -> new float[x.rows() * width(panel)])
            .toArray(float[][]::new);
    float[] row = new float[columns];
    for (int t = 0; t < x.rows(); t++) {
      x.readRow(t, row);
      for (int panel = 0; panel < panels.length; panel++) {
        int width = width(panel);
        System.arraycopy(row, panel * PANEL_COLUMNS, panels[panel], t * width, width);
      }
    }
    return panels;
  }
}

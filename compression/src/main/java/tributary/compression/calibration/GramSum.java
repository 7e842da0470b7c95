package tributary.compression.calibration;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.Gemm;

/**
 * Adds up the statistics of one input, chunk by chunk: products of a chunk in fp32, their sums in
 * fp64. Of the symmetric product little more than half is computed.
 */
final class GramSum {
  private final int columns;
  private final Gemm gemm;
  private final double[] gram;
  private final double @Nullable [] cross;
  private final float[] product;
  private float[] student = new float[0];
  private float[] teacher = new float[0];
  private int rows;
  private long tokens;

  /** Statistics of {@code columns} inputs; with {@code crossed}, those of two models' inputs. */
  GramSum(int columns, boolean crossed, Gemm gemm) {
    this.columns = columns;
    this.gemm = gemm;
    this.gram = new double[Math.multiplyExact(columns, columns)];
    this.cross = crossed ? new double[gram.length] : null;
    this.product = new float[gram.length];
  }

  /**
   * Adds a chunk of the model compressed so far.
   *
   * @param y [T, columns]; read before this returns
   */
  void addStudent(Activations y) {
    rows = y.rows();
    student = values(y, student);
    gemm.addUpperGram(product, student, columns, rows);
    addProduct(gram, 1);
    tokens += rows;
  }

  /**
   * Adds the same chunk of the fine-tune, after the student's.
   *
   * @param x [T, columns]; read before this returns
   */
  void addTeacher(Activations x) {
    if (cross == null || x.rows() != rows) {
      throw new IllegalStateException(
          "statistics of %d rows: the fine-tune's %d rows do not belong to them"
              .formatted(rows, x.rows()));
    }
    teacher = values(x, teacher);
    gemm.addGram(product, teacher, student, new Gemm.Extent(columns, columns, rows));
    addProduct(cross, 0);
  }

  InputStatistics statistics() {
    for (int row = 0; row < columns; row++) {
      for (int column = row + 1; column < columns; column++) {
        gram[column * columns + row] = gram[row * columns + column];
      }
    }
    return new InputStatistics(columns, tokens, gram, cross);
  }

  /**
   * Adds the product to a sum, of row i the columns from {@code i * slope} on, and makes it zero
   * for the next one.
   */
  private void addProduct(double[] sum, int slope) {
    IntStream.range(0, columns)
        .parallel()
        .forEach(row -> {
          int first = row * columns;
          for (int at = first + row * slope; at < first + columns; at++) {
            sum[at] += product[at];
          }
          Arrays.fill(product, first, first + columns, 0);
        });
  }

  /** All rows [T, columns], in {@code old} if that is long enough. */
  private float[] values(Activations x, float[] old) {
    int count = x.rows() * columns;
    float[] values = old.length < count ? new float[count] : old;
    float[] row = new float[columns];
    for (int t = 0; t < x.rows(); t++) {
      x.readRow(t, row);
      System.arraycopy(row, 0, values, t * columns, columns);
    }
    return values;
  }
}

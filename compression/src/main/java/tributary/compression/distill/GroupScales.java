package tributary.compression.distill;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * The scales of a code that has one for each row and group of neighbouring columns, [rows, groups].
 */
final class GroupScales implements ScaledCode {
  private final float[] scales;
  private final int groupColumns;
  private final Function<float[], MatrixCode> withScales;

  /** The code with scales of 1: all patterns side by side. */
  private final MatrixCode patterns;

  private GroupScales(float[] scales, int groupColumns, Function<float[], MatrixCode> withScales) {
    this.scales = scales;
    this.groupColumns = groupColumns;
    this.withScales = withScales;
    float[] ones = new float[scales.length];
    Arrays.fill(ones, 1);
    this.patterns = withScales.apply(ones);
  }

  static GroupScales of(SparseCodes c) {
    return new GroupScales(
        c.scales(),
        c.groupColumns(),
        scales ->
            new SparseCodes(
                c.rows(),
                c.columns(),
                c.bits(),
                c.zero(),
                c.groupColumns(),
                c.patterns(),
                c.codes(),
                scales));
  }

  static GroupScales of(VectorCodes c) {
    return new GroupScales(
        c.scales(),
        c.columns(),
        scales ->
            new VectorCodes(
                c.rows(), c.columns(), c.vectorRows(), c.indices(), c.codebook(), scales));
  }

  static GroupScales of(GroupedCodes c, GroupStatistics.Plain statistics) {
    return new GroupScales(
        statistics.scales(),
        c.groupColumns(),
        scales ->
            c.withStatistics(
                new GroupStatistics.Plain(statistics.groups(), scales, statistics.zeros())));
  }

  @Override
  public float[] scales() {
    return scales.clone();
  }

  @Override
  public void addTo(float[] weight, float[] newScales) {
    forEachRow((row, pattern) -> {
      for (int column = 0; column < pattern.length; column++) {
        weight[row * pattern.length + column] += newScales[scale(row, column)] * pattern[column];
      }
    });
  }

  @Override
  public double[] gradient(float[] weightGradient) {
    double[] gradient = new double[scales.length];
    forEachRow((row, pattern) -> {
      for (int column = 0; column < pattern.length; column++) {
        gradient[scale(row, column)] +=
            (double) weightGradient[row * pattern.length + column] * pattern[column];
      }
    });
    return gradient;
  }

  @Override
  public MatrixCode withScales(float[] newScales) {
    return withScales.apply(newScales);
  }

  private int scale(int row, int column) {
    return row * Math.ceilDiv(patterns.columns(), groupColumns) + column / groupColumns;
  }

  /** Work on a row; scales of different rows are different. */
  private interface RowWork {
    void run(int row, float[] pattern);
  }

  private void forEachRow(RowWork work) {
    IntStream.range(0, patterns.rows())
        .parallel()
        .forEach(row -> {
          float[] pattern = new float[patterns.columns()];
          patterns.readRow(row, pattern);
          work.run(row, pattern);
        });
  }
}

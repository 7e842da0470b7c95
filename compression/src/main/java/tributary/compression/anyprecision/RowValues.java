package tributary.compression.anyprecision;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The values of one row in ascending order, equal ones as one, with the weights of their errors. A
 * cluster is an interval [from, end) of them.
 */
final class RowValues {
  /**
   * The least weight, as a share of the row's mean: a value that hardly mattered is still coded as
   * well as it can be without harm to others.
   */
  private static final double WEIGHT_LEAST = 0x1p-20;

  private static final long INDEX_MASK = 0xFFFF_FFFFL;

  private final double[] values;
  private final double[] weights;

  /**
   * Sums of the weights and of the weighted distances from the row's mean, of all values before.
   */
  private final double[] weightBefore;

  private final double[] momentBefore;

  /** Which value each column has. */
  private final int[] valueOfColumn;

  private RowValues(double[] values, double[] weights, int[] valueOfColumn) {
    this.values = values;
    this.weights = weights;
    this.valueOfColumn = valueOfColumn;
    this.weightBefore = new double[values.length + 1];
    this.momentBefore = new double[values.length + 1];
    double mean = mean(0, values.length);
    for (int i = 0; i < values.length; i++) {
      weightBefore[i + 1] = weightBefore[i] + weights[i];
      momentBefore[i + 1] = momentBefore[i] + weights[i] * (values[i] - mean);
    }
  }

  /**
   * Sorts a row.
   *
   * @param sensitivity of the columns, not negative; all count the same when this is null or zero
   *     throughout
   */
  static RowValues of(float[] row, float @Nullable [] sensitivity) {
    long[] order = new long[row.length];
    for (int column = 0; column < row.length; column++) {
      order[column] = (long) ascendingBits(row[column]) << Integer.SIZE | column;
    }
    Arrays.sort(order);
    double[] columnWeights = weights(row.length, sensitivity);
    double[] values = new double[row.length];
    double[] weights = new double[row.length];
    int[] valueOfColumn = new int[row.length];
    int count = 0;
    for (long key : order) {
      int column = (int) (key & INDEX_MASK);
      if (count == 0 || row[column] != values[count - 1]) {
        values[count++] = row[column];
      }
      weights[count - 1] += columnWeights[column];
      valueOfColumn[column] = count - 1;
    }
    return new RowValues(
        Arrays.copyOf(values, count), Arrays.copyOf(weights, count), valueOfColumn);
  }

  /** An integer that orders floats as their values; both zeros are one. */
  private static int ascendingBits(float value) {
    int bits = Float.floatToIntBits(value + 0f);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  private static double[] weights(int columns, float @Nullable [] sensitivity) {
    double[] weights = new double[columns];
    double total = 0;
    for (int i = 0; sensitivity != null && i < columns; i++) {
      weights[i] = sensitivity[i];
      total += weights[i];
    }
    double least = total > 0 ? total / columns * WEIGHT_LEAST : 1;
    for (int i = 0; i < columns; i++) {
      weights[i] = Math.max(weights[i], least);
    }
    return weights;
  }

  /** Number of different values. */
  int count() {
    return values.length;
  }

  int valueOfColumn(int column) {
    return valueOfColumn[column];
  }

  /**
   * How much weighted squared error the cluster's own mean saves against the row's mean; the sum
   * over clusters is largest where the error is least.
   */
  double gain(int from, int end) {
    double moment = momentBefore[end] - momentBefore[from];
    return moment * moment / weight(from, end);
  }

  /** The weight of a cluster. */
  double weight(int from, int end) {
    return weightBefore[end] - weightBefore[from];
  }

  /** The weighted mean of a cluster that is not empty. */
  double mean(int from, int end) {
    double weight = 0;
    double moment = 0;
    for (int i = from; i < end; i++) {
      weight += weights[i];
      moment += weights[i] * values[i];
    }
    return moment / weight;
  }
}

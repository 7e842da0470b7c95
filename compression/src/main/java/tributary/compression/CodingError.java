package tributary.compression;

import java.util.stream.IntStream;
import tributary.tensor.format.MatrixCode;

/** What codes lose of differences, summed over matrices. */
final class CodingError {
  private double squaredNorm;
  private double squaredError;

  /** Adds one matrix. */
  void add(float[] difference, MatrixCode code) {
    int columns = code.columns();
    double[][] rows =
        IntStream.range(0, code.rows())
            .parallel()
            .mapToObj(row -> {
              float[] decoded = new float[columns];
              code.readRow(row, decoded);
              double[] sums = new double[2];
              for (int column = 0; column < columns; column++) {
                double value = difference[row * columns + column];
                sums[0] += value * value;
                sums[1] += (value - decoded[column]) * (value - decoded[column]);
              }
              return sums;
            })
            .toArray(double[][]::new);
    for (double[] row : rows) {
      squaredNorm += row[0];
      squaredError += row[1];
    }
  }

  /** Root of squared error over squared difference; 0 where nothing differs. */
  double relative() {
    return squaredNorm == 0 ? 0 : Math.sqrt(squaredError / squaredNorm);
  }
}

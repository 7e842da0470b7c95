package tributary.compression;

import java.util.stream.IntStream;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;

/** What codes lose of differences, summed over matrices. */
final class CodingError {
  private double squaredNorm;
  private double squaredError;

  /** Reads a row of what a difference decodes to. */
  private interface Decoded {
    void readRow(int row, float[] out);
  }

  /** Adds one matrix. */
  void add(float[] difference, MatrixCode code) {
    add(difference, code.columns(), code::readRow);
  }

  /** Adds one linear layer. */
  void add(LinearProblem problem, DeltaTensor.Coded coded) {
    add(
        problem.difference(),
        problem.columns(),
        (row, out) -> problem.readDifference(coded, row, out));
  }

  private void add(float[] difference, int columns, Decoded code) {
    double[][] rows =
        IntStream.range(0, difference.length / columns)
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

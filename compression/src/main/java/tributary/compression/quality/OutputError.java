package tributary.compression.quality;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.stream.IntStream;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.tensor.format.MatrixCode;

/**
 * How far one linear layer's outputs are from the fine-tune's on calibration inputs, and how far
 * the base's are: {@code ||(W - What) X||^2} and {@code ||(W - Wb) X||^2}. The JSON names are
 * relied on by scripts.
 *
 * @param tensor name of the layer's matrix
 */
public record OutputError(
    @JsonProperty("tensor") String tensor,
    @JsonProperty("squared_error") double squaredError,
    @JsonProperty("squared_change") double squaredChange) {
  /**
   * The error of a code for the inputs that the problem knows.
   *
   * @throws IllegalArgumentException if it knows none
   */
  public static OutputError of(LinearProblem problem, MatrixCode code) {
    InputStatistics inputs = problem.inputs();
    if (inputs == null) {
      throw new IllegalArgumentException(problem.name() + ": nothing is known of its inputs");
    }
    float[] difference = problem.difference();
    int columns = problem.columns();
    double[][] rows =
        IntStream.range(0, problem.rows())
            .parallel()
            .mapToObj(row -> {
              double[] change = new double[columns];
              double[] error = new double[columns];
              float[] coded = new float[columns];
              code.readRow(row, coded);
              for (int column = 0; column < columns; column++) {
                change[column] = difference[row * columns + column];
                error[column] = change[column] - coded[column];
              }
              return new double[] {squared(error, inputs), squared(change, inputs)};
            })
            .toArray(double[][]::new);
    double squaredError = 0;
    double squaredChange = 0;
    for (double[] row : rows) {
      squaredError += row[0];
      squaredChange += row[1];
    }
    return new OutputError(problem.name(), squaredError, squaredChange);
  }

  /** {@code ||(W - What) X|| / ||(W - Wb) X||}; zero when the layer did not change. */
  @JsonProperty("relative")
  public double relative() {
    return squaredChange == 0 ? 0 : Math.sqrt(Math.max(0, squaredError) / squaredChange);
  }

  /** {@code row G row^T} with the inputs' Gram matrix. */
  private static double squared(double[] row, InputStatistics inputs) {
    double[] gram = inputs.gram();
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      double product = 0;
      for (int j = 0; j < row.length; j++) {
        product += gram[i * row.length + j] * row[j];
      }
      sum += row[i] * product;
    }
    return sum;
  }
}

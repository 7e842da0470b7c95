package tributary.compression.solver;

import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.tensor.format.MatrixCode;

/** Differences over a base of zeros, and inputs to weigh their errors with. */
public final class Problems {
  private Problems() {}

  /** A difference to be coded; {@code gram} [columns, columns], or null for no calibration. */
  public static LinearProblem problem(int rows, double @Nullable [] gram, float... difference) {
    int columns = difference.length / rows;
    InputStatistics inputs =
        gram == null ? null : new InputStatistics(columns, columns, gram, null);
    return new LinearProblem(
        "layer.weight", rows, columns, new float[difference.length], difference, inputs);
  }

  /** What a calibrated problem knows of its inputs. */
  public static double[] gram(LinearProblem problem) {
    return Objects.requireNonNull(problem.inputs()).gram();
  }

  public static float[] gaussian(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Student's t with 4 degrees of freedom: heavy tails. */
  public static float[] heavyTailed(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      double squares = 0;
      for (int k = 0; k < 4; k++) {
        squares += Math.pow(random.nextGaussian(), 2);
      }
      values[i] = (float) (random.nextGaussian() / Math.sqrt(squares / 4));
    }
    return values;
  }

  /** Inputs with a few shared directions and uneven sizes, as layers have: their products. */
  public static double[] gram(long seed, int columns, int tokens) {
    SplittableRandom random = new SplittableRandom(seed);
    int rank = Math.max(1, columns / 16);
    double[][] directions = new double[rank][columns];
    double[] sizes = new double[columns];
    for (int j = 0; j < columns; j++) {
      sizes[j] = Math.exp(0.5 * random.nextGaussian());
      for (double[] direction : directions) {
        direction[j] = random.nextGaussian();
      }
    }
    double[] gram = new double[columns * columns];
    double[] x = new double[columns];
    for (int t = 0; t < tokens; t++) {
      double[] shares = random.doubles(rank, -1.5, 1.5).toArray();
      for (int j = 0; j < columns; j++) {
        x[j] = random.nextGaussian();
        for (int k = 0; k < rank; k++) {
          x[j] += shares[k] * directions[k][j];
        }
        x[j] *= sizes[j];
      }
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          gram[i * columns + j] += x[i] * x[j];
        }
      }
    }
    return gram;
  }

  public static double[] identity(int columns) {
    double[] gram = new double[columns * columns];
    for (int j = 0; j < columns; j++) {
      gram[j * columns + j] = 1;
    }
    return gram;
  }

  /** {@code tr(E H E^T)} for the error E of a code, summed element by element. */
  public static double loss(LinearProblem problem, MatrixCode code, double[] hessian) {
    double sum = 0;
    for (int row = 0; row < problem.rows(); row++) {
      sum += loss(problem, code, hessian, row);
    }
    return sum;
  }

  public static double loss(LinearProblem problem, MatrixCode code, double[] hessian, int row) {
    int columns = problem.columns();
    double[] error = new double[columns];
    for (int j = 0; j < columns; j++) {
      error[j] = problem.difference()[row * columns + j] - (double) code.value(row, j);
    }
    double sum = 0;
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < columns; j++) {
        sum += error[i] * hessian[i * columns + j] * error[j];
      }
    }
    return sum;
  }

  /** The same numbers in fp64. */
  public static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /** Each number's own difference over its size. */
  public static double largestRelativeDifference(double[] found, double[] wanted) {
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      double off = Math.abs(found[i] - wanted[i]);
      largest = Math.max(largest, off == 0 ? 0 : off / Math.abs(wanted[i]));
    }
    return largest;
  }

  public static double largestDifference(double[] found, double[] wanted) {
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      largest = Math.max(largest, Math.abs(found[i] - wanted[i]));
    }
    return largest;
  }

  public static double largestDifference(float[] found, float[] wanted) {
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      largest = Math.max(largest, Math.abs(found[i] - wanted[i]));
    }
    return largest;
  }

  public static float[] decoded(MatrixCode code) {
    float[] values = new float[code.rows() * code.columns()];
    for (int i = 0; i < values.length; i++) {
      values[i] = code.value(i / code.columns(), i % code.columns());
    }
    return values;
  }
}

package tributary.compression.bands;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.gpu.Gemm;
import tributary.gpu.scalar.ScalarBackend;
import tributary.tensor.format.DeltaTensor;

/** Layers with correlated inputs, as real ones have: a low-rank part and uneven channels. */
final class Problems {
  static final Gemm GEMM = ScalarBackend.create("tests").gemm();

  private static final int RANK = 8;
  private static final int TOKENS_PER_COLUMN = 4;

  private Problems() {}

  static LinearProblem correlated(long seed, int rows, int columns) {
    Random random = new Random(seed);
    double[] gram = gram(random, columns);
    return of(random, rows, columns, new InputStatistics(columns, tokens(columns), gram, null));
  }

  static LinearProblem uncorrelated(long seed, int rows, int columns) {
    return of(new Random(seed), rows, columns, null);
  }

  private static LinearProblem of(
      Random random, int rows, int columns, @Nullable InputStatistics inputs) {
    float[] base = new float[rows * columns];
    float[] tuned = new float[rows * columns];
    for (int i = 0; i < base.length; i++) {
      base[i] = (float) random.nextGaussian();
      tuned[i] = base[i] + (float) (0.1 * random.nextGaussian());
    }
    return new LinearProblem("layer", rows, columns, base, tuned, inputs);
  }

  private static int tokens(int columns) {
    return TOKENS_PER_COLUMN * columns;
  }

  private static double[] gram(Random random, int columns) {
    double[][] mixing = new double[RANK][columns];
    double[] channel = new double[columns];
    for (int c = 0; c < columns; c++) {
      channel[c] = Math.exp(random.nextGaussian());
      for (int r = 0; r < RANK; r++) {
        mixing[r][c] = random.nextGaussian();
      }
    }
    double[] gram = new double[columns * columns];
    double[] x = new double[columns];
    for (int t = 0; t < tokens(columns); t++) {
      double[] hidden = random.doubles(RANK).map(u -> 2 * u - 1).toArray();
      for (int c = 0; c < columns; c++) {
        x[c] = random.nextGaussian();
        for (int r = 0; r < RANK; r++) {
          x[c] += hidden[r] * mixing[r][c];
        }
        x[c] *= channel[c];
      }
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          gram[i * columns + j] += x[i] * x[j];
        }
      }
    }
    return gram;
  }

  /** The output error of a code over that of dropping the difference: a root of squares. */
  static double relativeOutputError(LinearProblem problem, DeltaTensor.Coded code) {
    float[] difference = problem.difference();
    double error = 0;
    double whole = 0;
    double[] missed = new double[problem.columns()];
    double[] all = new double[problem.columns()];
    float[] decoded = new float[problem.columns()];
    for (int row = 0; row < problem.rows(); row++) {
      problem.readDifference(code, row, decoded);
      for (int c = 0; c < missed.length; c++) {
        all[c] = difference[row * missed.length + c];
        missed[c] = all[c] - decoded[c];
      }
      error += form(problem, missed);
      whole += form(problem, all);
    }
    return Math.sqrt(error / whole);
  }

  private static double form(LinearProblem problem, double[] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        double weight =
            problem.inputs() == null ? (i == j ? 1 : 0) : problem.inputs().gram()[i * x.length + j];
        sum += x[i] * weight * x[j];
      }
    }
    return sum;
  }
}

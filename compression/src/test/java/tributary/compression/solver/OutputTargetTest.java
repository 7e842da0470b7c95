package tributary.compression.solver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tributary.compression.LinearProblem;
import tributary.compression.calibration.InputStatistics;
import tributary.gpu.scalar.ScalarBackend;

class OutputTargetTest {
  private static final int ROWS = 3;
  private static final int COLUMNS = 6;
  private static final int TOKENS = 40;

  private final Random random = new Random(1);
  private final double[][] x = matrix(COLUMNS, TOKENS);
  private final double[][] y = near(x);
  private final float[] base = floats();
  private final float[] tuned = floats();

  @Test
  void without_the_fine_tunes_inputs_it_is_the_difference() {
    float[] target = target(null);
    for (int i = 0; i < tuned.length; i++) {
      assertThat(target[i]).isEqualTo(tuned[i] - base[i]);
    }
  }

  @Test
  void it_gives_the_outputs_of_the_fine_tune_better_than_any_step_away_from_it() {
    Curvature curvature = Curvature.of(product(y, y), COLUMNS, 0);
    float[] target = target(product(x, y));
    double least = missed(target);
    assertThat(curvature.damping()).isZero();
    for (int row = 0; row < ROWS; row++) {
      for (int c = 0; c < COLUMNS; c++) {
        for (float step : new float[] {0.01f, -0.01f}) {
          target[row * COLUMNS + c] += step;
          assertThat(missed(target)).isGreaterThan(least);
          target[row * COLUMNS + c] -= step;
        }
      }
    }
  }

  private float[] target(double @Nullable [] cross) {
    double[] gram = product(y, y);
    var inputs = new InputStatistics(COLUMNS, TOKENS, gram, cross);
    var problem = new LinearProblem("layer", ROWS, COLUMNS, base, tuned, inputs);
    return OutputTarget.of(
        problem, Curvature.of(gram, COLUMNS, 0), ScalarBackend.create("tests").gemm());
  }

  /** {@code |Wf X - (Wb + D) Y|^2}. */
  private double missed(float[] difference) {
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      for (int t = 0; t < TOKENS; t++) {
        double miss = 0;
        for (int c = 0; c < COLUMNS; c++) {
          miss += tuned[row * COLUMNS + c] * x[c][t];
          miss -= (base[row * COLUMNS + c] + difference[row * COLUMNS + c]) * y[c][t];
        }
        sum += miss * miss;
      }
    }
    return sum;
  }

  private static double[] product(double[][] a, double[][] b) {
    double[] product = new double[COLUMNS * COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      for (int j = 0; j < COLUMNS; j++) {
        for (int t = 0; t < TOKENS; t++) {
          product[i * COLUMNS + j] += a[i][t] * b[j][t];
        }
      }
    }
    return product;
  }

  private double[][] matrix(int rows, int columns) {
    double[][] matrix = new double[rows][columns];
    for (double[] row : matrix) {
      Arrays.setAll(row, _ -> random.nextGaussian());
    }
    return matrix;
  }

  private double[][] near(double[][] matrix) {
    double[][] near = matrix(matrix.length, matrix[0].length);
    for (int i = 0; i < near.length; i++) {
      for (int t = 0; t < near[i].length; t++) {
        near[i][t] = matrix[i][t] + 0.2 * near[i][t];
      }
    }
    return near;
  }

  private float[] floats() {
    float[] values = new float[ROWS * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}

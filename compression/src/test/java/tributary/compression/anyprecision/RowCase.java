package tributary.compression.anyprecision;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearProblem;

/**
 * Matrices to be clustered, over a base of zeros so that the difference is what is given, and what
 * a reader of the definition would compute from them.
 */
record RowCase(int rows, int columns, float[] values, float @Nullable [] sensitivity) {
  /** Gaussian values, or rounded ones with many zeros and repeats; weights over many magnitudes. */
  static RowCase random(long seed, int rows, int columns) {
    var random = new SplittableRandom(seed);
    boolean rounded = random.nextBoolean();
    float[] values = new float[rows * columns];
    float[] sensitivity = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      double value = random.nextGaussian();
      values[i] = (float) (rounded ? Math.rint(2 * value) / 4 : value);
      sensitivity[i] = random.nextInt(10) == 0 ? 0 : (float) Math.exp(2 * random.nextGaussian());
    }
    return new RowCase(rows, columns, values, seed % 3 == 0 ? null : sensitivity);
  }

  static RowCase row(float... values) {
    return new RowCase(1, values.length, values, null);
  }

  LinearProblem problem() {
    return new LinearProblem("test.weight", rows, columns, new float[values.length], values, null);
  }

  double value(int row, int column) {
    return values[row * columns + column];
  }

  /** Of one element; rows without any weight count their elements alike, and none is nothing. */
  double weight(int row, int column) {
    if (sensitivity == null) {
      return 1;
    }
    double total = 0;
    for (int c = 0; c < columns; c++) {
      total += sensitivity[row * columns + c];
    }
    return total == 0
        ? 1
        : Math.max(sensitivity[row * columns + column], total / columns / (1 << 20));
  }
}

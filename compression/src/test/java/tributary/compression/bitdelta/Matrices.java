package tributary.compression.bitdelta;

import java.util.SplittableRandom;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.SignPlanes;

/** Differences over a base of zeros, so that the difference is what is given. */
final class Matrices {
  private Matrices() {}

  static Difference difference(int rows, int columns, float... values) {
    return new Difference(
        TensorView.of(Shape.of(rows, columns), new float[rows * columns]),
        TensorView.of(Shape.of(rows, columns), values));
  }

  static float[] gaussian(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static float[] laplace(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (Math.log(random.nextDouble()) * (random.nextBoolean() ? 1 : -1));
    }
    return values;
  }

  static float[] decoded(SignPlanes planes) {
    float[] values = new float[planes.rows() * planes.columns()];
    for (int row = 0; row < planes.rows(); row++) {
      for (int column = 0; column < planes.columns(); column++) {
        values[row * planes.columns() + column] = planes.value(row, column);
      }
    }
    return values;
  }

  static double squaredDistance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }
}

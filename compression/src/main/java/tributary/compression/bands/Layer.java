package tributary.compression.bands;

import java.util.Arrays;
import tributary.compression.solver.Curvature;
import tributary.gpu.Gemm;
import tributary.gpu.Gemm.Extent;

/**
 * The target of a layer and the curvature that its errors are weighed with, in fp32: what a search
 * for codes works on. Matrices are row-major, [rows, columns] unless said.
 */
final class Layer {
  private final int rows;
  private final int columns;
  private final float[] target;
  private final float[] base;
  private final float[] hessian;
  private final float[] factor;
  private final Gemm gemm;

  Layer(float[] target, float[] base, Curvature curvature, Gemm gemm) {
    this.columns = curvature.columns();
    this.rows = target.length / columns;
    this.target = target;
    this.base = base;
    this.hessian = floats(curvature.hessian());
    this.factor = floats(curvature.factor());
    this.gemm = gemm;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /** The difference that codes should come close to. Not to be changed. */
  float[] target() {
    return target;
  }

  /** The base's weights, a share of which may be part of the code. Not to be changed. */
  float[] base() {
    return base;
  }

  /** The target less a share of the base for each row. */
  float[] targetWithout(double[] baseShares) {
    float[] left = new float[target.length];
    for (int i = 0; i < left.length; i++) {
      left[i] = target[i] - (float) baseShares[i / columns] * base[i];
    }
    return left;
  }

  /** H [columns, columns]. Not to be changed. */
  float[] hessian() {
    return hessian;
  }

  /** U [columns, columns]. Not to be changed. */
  float[] factor() {
    return factor;
  }

  /** {@code x H}. */
  float[] weighted(float[] x) {
    float[] out = new float[x.length];
    gemm.add(out, x, hessian, new Extent(rows, columns, columns));
    return out;
  }

  /** The inner product of a row of two matrices of the layer's shape. */
  double dot(float[] a, float[] b, int row) {
    double sum = 0;
    int first = row * columns;
    for (int j = first; j < first + columns; j++) {
      sum += (double) a[j] * b[j];
    }
    return sum;
  }

  /**
   * {@code out -= steps M}, where steps [rows, count] belong to the columns from {@code first} on,
   * and M are those rows of the matrix [columns, columns].
   */
  void subtract(float[] out, float[] steps, int count, float[] matrix, int first) {
    float[] negative = new float[rows * count];
    for (int i = 0; i < negative.length; i++) {
      negative[i] = -steps[i];
    }
    float[] block = Arrays.copyOfRange(matrix, first * columns, (first + count) * columns);
    gemm.add(out, negative, block, new Extent(rows, columns, count));
  }
}

package tributary.compression.bands;

import java.util.Arrays;
import tributary.compression.solver.LeastSquares;

/**
 * Sign planes: bands of one row, whose coefficients are the scales of its planes. Bit p of a code
 * is the sign in plane p; 1 is plus.
 */
record SignBands(int planes) implements BandCode {
  private static final int ROUNDS = 20;

  @Override
  public int bandRows() {
    return 1;
  }

  @Override
  public int coefficients() {
    return planes;
  }

  /** Scales of least squared error when every value takes its nearest level, by Lloyd's rounds. */
  @Override
  public double[] start(float[] row) {
    double[] scales = new double[planes];
    float[] left = row.clone();
    for (int p = 0; p < planes; p++) {
      double sum = 0;
      for (float value : left) {
        sum += Math.abs(value);
      }
      scales[p] = sum / left.length;
      for (int j = 0; j < left.length; j++) {
        left[j] -= (float) (left[j] >= 0 ? scales[p] : -scales[p]);
      }
    }
    return planes > 1 ? refined(scales, row) : scales;
  }

  /** Lloyd's rounds. The values of a level lie side by side once they are sorted. */
  private double[] refined(double[] start, float[] row) {
    float[] sorted = row.clone();
    Arrays.sort(sorted);
    double[] sums = new double[sorted.length + 1];
    for (int j = 0; j < sorted.length; j++) {
      sums[j + 1] = sums[j] + sorted[j];
    }
    double[] scales = start;
    for (int round = 0; round < ROUNDS; round++) {
      double[][] normal = new double[planes][planes];
      double[] right = new double[planes];
      SignLevels levels = new SignLevels(scales);
      int first = 0;
      for (int level = 0; level < levels.count(); level++) {
        int end = levels.end(level, sorted, first);
        int code = levels.code(level);
        for (int p = 0; p < planes; p++) {
          right[p] += (sums[end] - sums[first]) * pattern(code, 0, p);
          for (int q = 0; q < planes; q++) {
            normal[p][q] += (end - first) * pattern(code, 0, p) * pattern(code, 0, q);
          }
        }
        first = end;
      }
      double[] next = LeastSquares.solve(normal, right);
      if (next.length == 0 || Arrays.equals(next, scales)) {
        return scales;
      }
      scales = next;
    }
    return scales;
  }

  @Override
  public Alphabet alphabet(double[][] coefficients) {
    return new SignLevels(coefficients[0]);
  }

  @Override
  public float pattern(int code, int rowOfBand, int coefficient) {
    return (code >>> coefficient & 1) == 1 ? 1 : -1;
  }
}

package tributary.compression.bands;

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
    for (int round = 0; planes > 1 && round < ROUNDS; round++) {
      double[][] normal = new double[planes][planes];
      double[] right = new double[planes];
      Alphabet levels = alphabet(new double[][] {scales});
      float[] wanted = new float[1];
      for (float value : row) {
        wanted[0] = value;
        int code = levels.nearest(wanted);
        for (int p = 0; p < planes; p++) {
          right[p] += (double) value * pattern(code, 0, p);
          for (int q = 0; q < planes; q++) {
            normal[p][q] += pattern(code, 0, p) * pattern(code, 0, q);
          }
        }
      }
      double[] next = LeastSquares.solve(normal, right);
      if (next.length == 0) {
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

package tributary.compression.calibration;

import tributary.gpu.Gemm;

/** The products as their contract states them. */
final class PlainGemm implements Gemm {
  @Override
  public void addTransposed(float[] out, float[] a, float[] b, Extent extent) {
    int k = extent.k();
    for (int i = 0; i < extent.m(); i++) {
      for (int j = 0; j < extent.n(); j++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += (double) a[i * k + p] * b[j * k + p];
        }
        out[i * extent.n() + j] += (float) sum;
      }
    }
  }

  @Override
  public void add(float[] out, float[] a, float[] b, Extent extent) {
    for (int i = 0; i < extent.m(); i++) {
      for (int j = 0; j < extent.n(); j++) {
        double sum = 0;
        for (int p = 0; p < extent.k(); p++) {
          sum += (double) a[i * extent.k() + p] * b[p * extent.n() + j];
        }
        out[i * extent.n() + j] += (float) sum;
      }
    }
  }

  @Override
  public void addGram(float[] out, float[] a, float[] b, Extent extent) {
    for (int i = 0; i < extent.m(); i++) {
      for (int j = 0; j < extent.n(); j++) {
        double sum = 0;
        for (int p = 0; p < extent.k(); p++) {
          sum += (double) a[p * extent.m() + i] * b[p * extent.n() + j];
        }
        out[i * extent.n() + j] += (float) sum;
      }
    }
  }
}

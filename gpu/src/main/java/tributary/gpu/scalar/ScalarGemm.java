package tributary.gpu.scalar;

import tributary.gpu.Gemm;
import tributary.gpu.host.OperandChecks;

final class ScalarGemm implements Gemm {
  @Override
  public void addTransposed(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    for (int i = 0; i < extent.m(); i++) {
      for (int j = 0; j < extent.n(); j++) {
        double sum = 0;
        for (int p = 0; p < extent.k(); p++) {
          sum += (double) a[i * extent.k() + p] * b[j * extent.k() + p];
        }
        out[i * extent.n() + j] += (float) sum;
      }
    }
  }

  @Override
  public void add(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
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
    OperandChecks.gemm(out, a, b, extent);
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

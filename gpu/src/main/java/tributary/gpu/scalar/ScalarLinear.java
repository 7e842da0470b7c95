package tributary.gpu.scalar;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Linear;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;

final class ScalarLinear implements Linear {
  @Override
  public void apply(
      Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    OperandChecks.linear(out, x, weight, deltas);
    HostMatrix base = HostMatrix.of(weight);
    for (int row = 0; row < x.rows(); row++) {
      float[] outRow = new float[out.columns()];
      float[] xRow = new float[x.columns()];
      HostActivations.of(x).readRow(row, xRow);
      Arrays.fill(outRow, Float.NEGATIVE_INFINITY);
      DeltaMatrix delta = deltaOf(row, deltas);
      if (delta == null) {
        baseRow(outRow, xRow, base);
      } else {
        tenantRow(outRow, xRow, base, ScalarDelta.of(delta));
      }
      HostActivations.of(out).writeRow(row, outRow);
    }
  }

  private static void baseRow(float[] out, float[] x, HostMatrix base) {
    for (int n = 0; n < base.rows(); n++) {
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += (double) x[k] * base.value(n, k);
      }
      out[n] = (float) sum;
    }
  }

  private static void tenantRow(float[] out, float[] x, HostMatrix base, ScalarDelta delta) {
    for (int n = 0; n < delta.rows(); n++) {
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += x[k] * delta.value(base, n, k);
      }
      out[n] = (float) sum;
    }
  }

  static @Nullable DeltaMatrix deltaOf(int row, List<RowRun<DeltaMatrix>> deltas) {
    for (RowRun<DeltaMatrix> run : deltas) {
      if (run.firstRow() <= row && row < run.endRow()) {
        return run.operand();
      }
    }
    return null;
  }
}

package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.Elementwise;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

final class ScalarElementwise implements Elementwise {
  @Override
  public void add(Activations out, Activations x) {
    OperandChecks.sameShape("add", out, x);
    float[] values = HostActivations.of(x).values();
    float[] sums = HostActivations.of(out).values();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += values[i];
    }
  }

  @Override
  public void addBias(Activations out, List<RowRun<WeightVector>> biases) {
    OperandChecks.biases(out, biases);
    float[] sums = HostActivations.of(out).values();
    for (RowRun<WeightVector> run : biases) {
      float[] bias = HostVector.of(run.operand()).values();
      for (int row = run.firstRow(); row < run.endRow(); row++) {
        for (int c = 0; c < bias.length; c++) {
          sums[row * bias.length + c] += bias[c];
        }
      }
    }
  }

  @Override
  public void siluMultiply(Activations out, Activations gate, Activations up) {
    OperandChecks.sameShape("silu multiply", out, gate);
    OperandChecks.sameShape("silu multiply", out, up);
    float[] products = HostActivations.of(out).values();
    float[] gates = HostActivations.of(gate).values();
    float[] ups = HostActivations.of(up).values();
    for (int i = 0; i < products.length; i++) {
      double g = gates[i];
      products[i] = (float) (g / (1 + Math.exp(-g)) * ups[i]);
    }
  }

  @Override
  public void copyRows(Activations out, Activations x, int[] rows) {
    OperandChecks.copiedRows(out, x, rows);
    float[] row = new float[x.columns()];
    for (int i = 0; i < rows.length; i++) {
      x.readRow(rows[i], row);
      out.writeRow(i, row);
    }
  }
}

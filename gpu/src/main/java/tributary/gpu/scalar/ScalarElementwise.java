package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activation;
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
  public void activate(Activations out, Activations x, Activation kind) {
    OperandChecks.sameShape("activate", out, x);
    float[] results = HostActivations.of(out).values();
    float[] values = HostActivations.of(x).values();
    for (int i = 0; i < results.length; i++) {
      results[i] = (float) kind.of(values[i]);
    }
  }

  @Override
  public void multiply(Activations out, Activations x) {
    OperandChecks.sameShape("multiply", out, x);
    float[] products = HostActivations.of(out).values();
    float[] values = HostActivations.of(x).values();
    for (int i = 0; i < products.length; i++) {
      products[i] *= values[i];
    }
  }

  @Override
  public void scale(Activations out, float factor) {
    float[] values = HostActivations.of(out).values();
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
  }

  @Override
  public void softCap(Activations out, float cap) {
    OperandChecks.softCap(cap);
    float[] values = HostActivations.of(out).values();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (cap * Math.tanh((double) values[i] / cap));
    }
  }

  @Override
  public void copyColumns(Activations out, Activations x, Columns columns) {
    OperandChecks.copiedColumns(out, x, columns);
    float[] to = HostActivations.of(out).values();
    float[] from = HostActivations.of(x).values();
    for (int row = 0; row < out.rows(); row++) {
      for (int c = 0; c < out.columns(); c++) {
        int block = c / columns.width();
        int column = columns.first() + block * columns.stride() + c % columns.width();
        to[row * out.columns() + c] = from[row * x.columns() + column];
      }
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

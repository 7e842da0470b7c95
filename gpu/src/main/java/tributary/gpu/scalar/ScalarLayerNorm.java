package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.LayerNorm;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

final class ScalarLayerNorm implements LayerNorm {
  @Override
  public void apply(
      Activations out,
      Activations x,
      List<RowRun<WeightVector>> weights,
      List<RowRun<WeightVector>> biases,
      float epsilon) {
    OperandChecks.layerNorm(out, x, weights, biases);
    for (int row = 0; row < x.rows(); row++) {
      normalize(
          HostActivations.of(out).values(),
          HostActivations.of(x).values(),
          row * x.columns(),
          vectorOf(row, weights),
          epsilon);
    }
    new ScalarElementwise().addBias(out, biases);
  }

  private static float[] vectorOf(int row, List<RowRun<WeightVector>> runs) {
    for (RowRun<WeightVector> run : runs) {
      if (run.firstRow() <= row && row < run.endRow()) {
        return HostVector.of(run.operand()).values();
      }
    }
    throw new AssertionError("unchecked: row " + row + " is in no run");
  }

  private static void normalize(float[] out, float[] x, int first, float[] weight, float epsilon) {
    double sum = 0;
    for (int c = 0; c < weight.length; c++) {
      sum += x[first + c];
    }
    double mean = sum / weight.length;
    double squares = 0;
    for (int c = 0; c < weight.length; c++) {
      squares += (x[first + c] - mean) * (x[first + c] - mean);
    }
    double scale = 1 / Math.sqrt(squares / weight.length + epsilon);
    for (int c = 0; c < weight.length; c++) {
      out[first + c] = (float) ((x[first + c] - mean) * scale * weight[c]);
    }
  }
}

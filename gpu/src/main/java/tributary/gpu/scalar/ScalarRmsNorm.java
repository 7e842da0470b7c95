package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.RmsNorm;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

final class ScalarRmsNorm implements RmsNorm {
  @Override
  public void apply(
      Activations out, Activations x, List<RowRun<WeightVector>> weights, float epsilon) {
    OperandChecks.rmsNorm(out, x, weights);
    for (RowRun<WeightVector> run : weights) {
      float[] weight = HostVector.of(run.operand()).values();
      for (int row = run.firstRow(); row < run.endRow(); row++) {
        for (int first = 0; first < x.columns(); first += weight.length) {
          normalize(
              HostActivations.of(out).values(),
              HostActivations.of(x).values(),
              row * x.columns() + first,
              weight,
              epsilon);
        }
      }
    }
  }

  private static void normalize(float[] out, float[] x, int first, float[] weight, float epsilon) {
    double squares = 0;
    for (int c = 0; c < weight.length; c++) {
      squares += (double) x[first + c] * x[first + c];
    }
    double scale = 1 / Math.sqrt(squares / weight.length + epsilon);
    for (int c = 0; c < weight.length; c++) {
      out[first + c] = (float) (x[first + c] * scale * weight[c]);
    }
  }
}

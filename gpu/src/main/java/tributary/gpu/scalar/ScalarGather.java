package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Gather;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;

final class ScalarGather implements Gather {
  @Override
  public void apply(
      Activations out, int[] tokens, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    OperandChecks.gather(out, tokens, weight, deltas);
    HostMatrix base = HostMatrix.of(weight);
    float[] values = HostActivations.of(out).values();
    int columns = base.columns();
    for (int row = 0; row < tokens.length; row++) {
      DeltaMatrix delta = ScalarLinear.deltaOf(row, deltas);
      OperandChecks.token(tokens[row], delta == null ? base.rows() : delta.rows());
      for (int column = 0; column < columns; column++) {
        values[row * columns + column] =
            delta == null
                ? base.value(tokens[row], column)
                : (float) ScalarDelta.of(delta).value(base, tokens[row], column);
      }
    }
  }
}

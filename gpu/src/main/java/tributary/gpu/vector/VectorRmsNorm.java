package tributary.gpu.vector;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import tributary.gpu.Activations;
import tributary.gpu.RmsNorm;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

/** Root mean square normalization; squares are summed in fp32, lane by lane. */
final class VectorRmsNorm implements RmsNorm {
  /** Elements below which one thread is faster than several. */
  private static final int ALONE = 16_384;

  private final WorkerTeam team;

  VectorRmsNorm(WorkerTeam team) {
    this.team = team;
  }

  @Override
  public void apply(
      Activations out, Activations x, List<RowRun<WeightVector>> weights, float epsilon) {
    OperandChecks.rmsNorm(out, x, weights);
    for (RowRun<WeightVector> run : weights) {
      float[] weight = HostVector.of(run.operand()).values();
      float[] to = HostActivations.of(out).values();
      float[] from = HostActivations.of(x).values();
      int columns = x.columns();
      int rowsAtOnce = Math.max(1, ALONE / columns);
      team.run(
          Math.ceilDiv(run.rows(), rowsAtOnce),
          (chunk, _) -> {
            int first = run.firstRow() + chunk * rowsAtOnce;
            int end = Math.min(first + rowsAtOnce, run.endRow());
            for (int row = first; row < end; row++) {
              for (int part = 0; part < columns; part += weight.length) {
                normalize(to, from, row * columns + part, weight, epsilon);
              }
            }
          });
    }
  }

  private static void normalize(float[] out, float[] x, int first, float[] weight, float epsilon) {
    int columns = weight.length;
    int whole = columns & -Lanes.COUNT;
    VectorMask<Float> rest = Lanes.first(columns - whole);
    FloatVector squares = FloatVector.zero(Lanes.FLOATS);
    for (int c = 0; c < whole; c += Lanes.COUNT) {
      FloatVector values = FloatVector.fromArray(Lanes.FLOATS, x, first + c);
      squares = values.fma(values, squares);
    }
    FloatVector last = FloatVector.fromArray(Lanes.FLOATS, x, first + whole, rest);
    squares = last.fma(last, squares);
    float scale = (float) (1 / Math.sqrt((double) Lanes.sum(squares) / columns + epsilon));
    for (int c = 0; c < whole; c += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, x, first + c)
          .mul(scale)
          .mul(FloatVector.fromArray(Lanes.FLOATS, weight, c))
          .intoArray(out, first + c);
    }
    last.mul(scale)
        .mul(FloatVector.fromArray(Lanes.FLOATS, weight, whole, rest))
        .intoArray(out, first + whole, rest);
  }
}

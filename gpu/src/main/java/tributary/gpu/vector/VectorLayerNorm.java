package tributary.gpu.vector;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import tributary.gpu.Activations;
import tributary.gpu.LayerNorm;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

/** Layer normalization; sums in fp32, lane by lane, the squares of distances from the mean. */
final class VectorLayerNorm implements LayerNorm {
  /** Elements below which one thread is faster than several. */
  private static final int ALONE = 16_384;

  private final WorkerTeam team;

  VectorLayerNorm(WorkerTeam team) {
    this.team = team;
  }

  @Override
  public void apply(
      Activations out,
      Activations x,
      List<RowRun<WeightVector>> weights,
      List<RowRun<WeightVector>> biases,
      float epsilon) {
    OperandChecks.layerNorm(out, x, weights, biases);
    float[] to = HostActivations.of(out).values();
    float[] from = HostActivations.of(x).values();
    int columns = x.columns();
    float[][] rowWeights = byRow(weights, x.rows());
    float[][] rowBiases = byRow(biases, x.rows());
    int rowsAtOnce = Math.max(1, ALONE / columns);
    team.run(
        Math.ceilDiv(x.rows(), rowsAtOnce),
        (chunk, _) -> {
          int end = Math.min((chunk + 1) * rowsAtOnce, x.rows());
          for (int row = chunk * rowsAtOnce; row < end; row++) {
            normalize(to, from, row * columns, rowWeights[row], rowBiases[row], epsilon);
          }
        });
  }

  private static float[][] byRow(List<RowRun<WeightVector>> runs, int rows) {
    float[][] vectors = new float[rows][];
    for (RowRun<WeightVector> run : runs) {
      float[] values = HostVector.of(run.operand()).values();
      for (int row = run.firstRow(); row < run.endRow(); row++) {
        vectors[row] = values;
      }
    }
    return vectors;
  }

  private static void normalize(
      float[] out, float[] x, int first, float[] weight, float[] bias, float epsilon) {
    int columns = weight.length;
    float mean = mean(x, first, columns);
    float scale = (float) (1 / Math.sqrt(variance(x, first, columns, mean) + epsilon));
    for (int c = 0; c < columns; c += Lanes.COUNT) {
      VectorMask<Float> some = Lanes.first(columns - c);
      FloatVector.fromArray(Lanes.FLOATS, x, first + c, some)
          .sub(mean)
          .mul(scale)
          .mul(FloatVector.fromArray(Lanes.FLOATS, weight, c, some))
          .add(FloatVector.fromArray(Lanes.FLOATS, bias, c, some))
          .intoArray(out, first + c, some);
    }
  }

  private static float mean(float[] x, int first, int columns) {
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    for (int c = 0; c < columns; c += Lanes.COUNT) {
      sum = sum.add(FloatVector.fromArray(Lanes.FLOATS, x, first + c, Lanes.first(columns - c)));
    }
    return Lanes.sum(sum) / columns;
  }

  private static double variance(float[] x, int first, int columns, float mean) {
    FloatVector squares = FloatVector.zero(Lanes.FLOATS);
    for (int c = 0; c < columns; c += Lanes.COUNT) {
      VectorMask<Float> some = Lanes.first(columns - c);
      FloatVector off = FloatVector.fromArray(Lanes.FLOATS, x, first + c, some).sub(mean, some);
      squares = off.fma(off, squares);
    }
    return (double) Lanes.sum(squares) / columns;
  }
}

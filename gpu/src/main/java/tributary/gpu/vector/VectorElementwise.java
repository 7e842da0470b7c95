package tributary.gpu.vector;

import java.util.List;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import tributary.gpu.Activation;
import tributary.gpu.Activations;
import tributary.gpu.Elementwise;
import tributary.gpu.RowRun;
import tributary.gpu.WeightVector;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostVector;
import tributary.gpu.host.OperandChecks;

/** The small steps: plain loops that the compiler vectorizes, and the exponential by hand. */
final class VectorElementwise implements Elementwise {
  private static final int CHUNK = 4096;

  private final WorkerTeam team;

  VectorElementwise(WorkerTeam team) {
    this.team = team;
  }

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
        addTo(sums, row * bias.length, bias);
      }
    }
  }

  private static void addTo(float[] sums, int first, float[] bias) {
    for (int c = 0; c < bias.length; c++) {
      sums[first + c] += bias[c];
    }
  }

  @Override
  public void siluMultiply(Activations out, Activations gate, Activations up) {
    OperandChecks.sameShape("silu multiply", out, gate);
    OperandChecks.sameShape("silu multiply", out, up);
    float[] products = HostActivations.of(out).values();
    float[] gates = HostActivations.of(gate).values();
    float[] ups = HostActivations.of(up).values();
    team.run(
        Math.ceilDiv(products.length, CHUNK),
        (chunk, _) ->
            siluMultiply(
                products,
                gates,
                ups,
                chunk * CHUNK,
                Math.min(CHUNK, products.length - chunk * CHUNK)));
  }

  private static void siluMultiply(float[] out, float[] gate, float[] up, int first, int count) {
    int whole = count & -Lanes.COUNT;
    for (int i = first; i < first + whole; i += Lanes.COUNT) {
      silu(FloatVector.fromArray(Lanes.FLOATS, gate, i))
          .mul(FloatVector.fromArray(Lanes.FLOATS, up, i))
          .intoArray(out, i);
    }
    if (whole < count) {
      VectorMask<Float> rest = Lanes.first(count - whole);
      int i = first + whole;
      silu(FloatVector.fromArray(Lanes.FLOATS, gate, i, rest))
          .mul(FloatVector.fromArray(Lanes.FLOATS, up, i, rest))
          .intoArray(out, i, rest);
    }
  }

  private static FloatVector silu(FloatVector gate) {
    return gate.div(VectorExp.exp(gate.neg()).add(1));
  }

  @Override
  public void activate(Activations out, Activations x, Activation kind) {
    OperandChecks.sameShape("activate", out, x);
    float[] values = HostActivations.of(x).values();
    map(HostActivations.of(out).values(), values, lanes -> VectorActivation.of(kind, lanes));
  }

  @Override
  public void multiply(Activations out, Activations x) {
    OperandChecks.sameShape("multiply", out, x);
    float[] values = HostActivations.of(x).values();
    float[] products = HostActivations.of(out).values();
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
    map(values, values, lanes -> VectorActivation.tanh(lanes.div(cap)).mul(cap));
  }

  /** Sets every element of {@code out} to the function of that of {@code x}. */
  private void map(float[] out, float[] x, UnaryOperator<FloatVector> function) {
    team.run(
        Math.ceilDiv(out.length, CHUNK),
        (chunk, _) -> {
          int end = Math.min((chunk + 1) * CHUNK, out.length);
          for (int i = chunk * CHUNK; i < end; i += Lanes.COUNT) {
            VectorMask<Float> some = Lanes.first(end - i);
            function.apply(FloatVector.fromArray(Lanes.FLOATS, x, i, some)).intoArray(out, i, some);
          }
        });
  }

  @Override
  public void copyColumns(Activations out, Activations x, Columns columns) {
    OperandChecks.copiedColumns(out, x, columns);
    float[] from = HostActivations.of(x).values();
    float[] to = HostActivations.of(out).values();
    int width = columns.width();
    for (int row = 0; row < out.rows(); row++) {
      int source = row * x.columns() + columns.first();
      int end = (row + 1) * out.columns();
      for (int at = row * out.columns(); at < end; at += width) {
        System.arraycopy(from, source, to, at, width);
        source += columns.stride();
      }
    }
  }

  @Override
  public void copyRows(Activations out, Activations x, int[] rows) {
    OperandChecks.copiedRows(out, x, rows);
    float[] from = HostActivations.of(x).values();
    float[] to = HostActivations.of(out).values();
    int columns = x.columns();
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(from, rows[i] * columns, to, i * columns, columns);
    }
  }
}

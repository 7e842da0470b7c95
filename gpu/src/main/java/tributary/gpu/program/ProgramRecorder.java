package tributary.gpu.program;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Elementwise;
import tributary.gpu.Gather;
import tributary.gpu.Gemm;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.LayerNorm;
import tributary.gpu.Linear;
import tributary.gpu.RmsNorm;
import tributary.gpu.Rope;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * A backend that computes nothing and takes down what it is asked for: run a step of one row of the
 * base over it, with matrices and vectors from {@link #matrix(int, int, int)} and {@link
 * #vector(int, int)}, and it holds the program of every step.
 */
public final class ProgramRecorder implements Backend {
  private record Buffer(int id, int rows, int columns) implements Activations {
    @Override
    public void readRow(int row, float[] out) {
      throw unsupported("reading activations");
    }

    @Override
    public void writeRow(int row, float[] values) {
      throw unsupported("writing activations");
    }

    @Override
    public void close() {}
  }

  private record Matrix(int slot, int rows, int columns) implements WeightMatrix {
    @Override
    public void close() {}
  }

  private record Vector(int slot, int length) implements WeightVector {
    @Override
    public void close() {}
  }

  private record Cache(KvShape shape) implements KvCache {
    @Override
    public void close() {}
  }

  private final List<StepOp> ops = new ArrayList<>();
  private int buffers;

  /** What was recorded. */
  public StepProgram program(Activations logits) {
    return new StepProgram(ops, id(logits));
  }

  /** Stands for the matrix of a slot. */
  public WeightMatrix matrix(int slot, int rows, int columns) {
    return new Matrix(slot, rows, columns);
  }

  /** Stands for the vector of a slot. */
  public WeightVector vector(int slot, int length) {
    return new Vector(slot, length);
  }

  @Override
  public String name() {
    return "recorder";
  }

  @Override
  public String description() {
    return "recorder: takes steps down as programs";
  }

  @Override
  public Activations activations(int rows, int columns) {
    return new Buffer(buffers++, rows, columns);
  }

  @Override
  public WeightMatrix matrix(TensorView matrix) {
    throw unsupported("loading weights");
  }

  @Override
  public WeightVector vector(TensorView vector) {
    throw unsupported("loading weights");
  }

  @Override
  public DeltaMatrix delta(DeltaTensor delta) {
    throw unsupported("loading differences");
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    return new Cache(shape);
  }

  @Override
  public Gather gather() {
    return (out, _, weight, _) -> ops.add(new StepOp.Embed(id(out), slot(weight)));
  }

  @Override
  public Linear linear() {
    return (out, x, weight, _) -> ops.add(new StepOp.Multiply(id(out), id(x), slot(weight)));
  }

  @Override
  public RmsNorm rmsNorm() {
    return (out, x, weights, epsilon) ->
        ops.add(new StepOp.Normalize(id(out), id(x), slot(weights), epsilon));
  }

  @Override
  public LayerNorm layerNorm() {
    return (_, _, _, _, _) -> other("a norm by mean and variance");
  }

  @Override
  public Rope rope() {
    return (operands, frequencies, _, layer, _) ->
        ops.add(
            new StepOp.Rotate(
                id(operands.q()), id(operands.k()), id(operands.v()), frequencies, layer));
  }

  @Override
  public Attention attention() {
    return this::attend;
  }

  private void attend(
      Activations out,
      Activations q,
      KvCache cache,
      int layer,
      List<SequenceRows> rows,
      Attention.Scores scores) {
    ops.add(new StepOp.Attend(id(out), id(q), layer, scores));
  }

  @Override
  public Elementwise elementwise() {
    return new Elementwise() {
      @Override
      public void add(Activations out, Activations x) {
        ops.add(new StepOp.Add(id(out), id(x)));
      }

      @Override
      public void addBias(Activations out, List<RowRun<WeightVector>> biases) {
        ops.add(new StepOp.AddBias(id(out), slot(biases)));
      }

      @Override
      public void siluMultiply(Activations out, Activations gate, Activations up) {
        ops.add(new StepOp.Gate(id(out), id(gate), id(up)));
      }

      @Override
      public void activate(Activations out, Activations x, Activation kind) {
        other("the activation " + kind);
      }

      @Override
      public void multiply(Activations out, Activations x) {
        other("a product of activations");
      }

      @Override
      public void scale(Activations out, float factor) {
        other("a factor on activations");
      }

      @Override
      public void softCap(Activations out, float cap) {
        other("a cap on activations");
      }

      @Override
      public void copyColumns(Activations out, Activations x, Columns columns) {
        other("outputs of one matrix that are split");
      }

      @Override
      public void copyRows(Activations out, Activations x, int[] rows) {
        throw unsupported("a choice of rows");
      }
    };
  }

  @Override
  public Gemm gemm() {
    throw unsupported("a product of matrices");
  }

  @Override
  public void close() {}

  private void other(String what) {
    ops.add(new StepOp.Other(what));
  }

  private static int id(Activations activations) {
    if (activations instanceof Buffer buffer) {
      return buffer.id;
    }
    throw new IllegalArgumentException("activations of another backend");
  }

  private static int slot(WeightMatrix matrix) {
    if (matrix instanceof Matrix recorded) {
      return recorded.slot;
    }
    throw new IllegalArgumentException("a weight matrix of another backend");
  }

  private static int slot(List<RowRun<WeightVector>> runs) {
    if (runs.size() == 1 && runs.getFirst().operand() instanceof Vector recorded) {
      return recorded.slot;
    }
    throw new IllegalArgumentException("a recorded step has one row, of the base");
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("a step's program cannot hold " + what);
  }
}

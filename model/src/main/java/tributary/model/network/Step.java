package tributary.model.network;

import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.Backend;
import tributary.gpu.Elementwise;
import tributary.gpu.KvCache;
import tributary.gpu.Linear;
import tributary.gpu.Rope;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.WeightVector;

/**
 * One batch on its way through a network: the kernels, bound to the rows' own base and tenants, so
 * that a family's code reads as if there were a single model.
 */
public final class Step {
  /**
   * What a batch consists of.
   *
   * @param tokens one a row
   */
  public record Batch(int[] tokens, TenantRows tenants, List<SequenceRows> sequences) {}

  private final Backend backend;
  private final Linear linear;
  private final Weights weights;
  private final Workspace workspace;
  private final KvCache cache;
  private final Batch batch;

  public Step(Backend backend, Weights weights, Workspace workspace, KvCache cache, Batch batch) {
    this(backend, backend.linear(), weights, workspace, cache, batch);
  }

  private Step(
      Backend backend,
      Linear linear,
      Weights weights,
      Workspace workspace,
      KvCache cache,
      Batch batch) {
    this.backend = backend;
    this.linear = linear;
    this.weights = weights;
    this.workspace = workspace;
    this.cache = cache;
    this.batch = batch;
  }

  /** The step with kernels for hundreds of rows, none of a tenant; they round differently. */
  public Step inBulk() {
    return new Step(backend, backend.bulkLinear(), weights, workspace, cache, batch);
  }

  /** Scratch with a row for each row of the batch. */
  public Activations scratch(String name, int columns) {
    return workspace.activations(name, batch.tokens().length, columns);
  }

  /** The step that computes only the rows at these ascending indices, past all attention. */
  public Step select(int[] rows) {
    int[] tokens = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      tokens[i] = batch.tokens()[rows[i]];
    }
    Batch selected = new Batch(tokens, batch.tenants().select(rows), List.of());
    return new Step(backend, linear, weights, workspace, cache, selected);
  }

  /** Rows of the widest variant's matrix in this batch. */
  public int rowsOf(Parameter.Matrix matrix) {
    return batch.tenants().rowsOf(matrix);
  }

  public void embed(Activations out, Parameter.Matrix embedding) {
    backend
        .gather()
        .apply(out, batch.tokens(), weights.matrix(embedding), batch.tenants().deltas(embedding));
  }

  /**
   * Looks up a row for each row's position in its sequence.
   *
   * @param first the row of position 0
   */
  public void lookUpPositions(Activations out, Parameter.Matrix matrix, int first) {
    int[] rows = new int[batch.tokens().length];
    for (SequenceRows sequence : batch.sequences()) {
      for (int i = 0; i < sequence.rows(); i++) {
        rows[sequence.firstRow() + i] = first + sequence.firstPosition() + i;
      }
    }
    backend.gather().apply(out, rows, weights.matrix(matrix), batch.tenants().deltas(matrix));
  }

  public void multiply(Activations out, Activations x, Parameter.Matrix matrix) {
    linear.apply(out, x, weights.matrix(matrix), batch.tenants().deltas(matrix));
  }

  public void project(Activations out, Activations x, Projection projection) {
    multiply(out, x, projection.weight());
    List<RowRun<WeightVector>> biases = vectors(projection.bias());
    if (!biases.isEmpty()) {
      backend.elementwise().addBias(out, biases);
    }
  }

  public void rmsNorm(Activations out, Activations x, Parameter.Vector weight, float epsilon) {
    backend.rmsNorm().apply(out, x, vectors(weight), epsilon);
  }

  public void layerNorm(
      Activations out,
      Activations x,
      Parameter.Vector weight,
      Parameter.Vector bias,
      float epsilon) {
    backend.layerNorm().apply(out, x, vectors(weight), vectors(bias), epsilon);
  }

  /** Rotates q and k, and stores k and v in the cache. */
  public void rope(Rope.Operands operands, Rope.Frequencies frequencies, int layer) {
    backend.rope().apply(operands, frequencies, cache, layer, batch.sequences());
  }

  public void attend(Activations out, Activations q, int layer, Attention.Scores scores) {
    backend.attention().apply(out, q, cache, layer, batch.sequences(), scores);
  }

  public void add(Activations out, Activations x) {
    backend.elementwise().add(out, x);
  }

  public void siluMultiply(Activations out, Activations gate, Activations up) {
    backend.elementwise().siluMultiply(out, gate, up);
  }

  public void activate(Activations out, Activations x, Activation kind) {
    backend.elementwise().activate(out, x, kind);
  }

  /** {@code out *= x}. */
  public void multiply(Activations out, Activations x) {
    backend.elementwise().multiply(out, x);
  }

  public void scale(Activations out, float factor) {
    backend.elementwise().scale(out, factor);
  }

  public void softCap(Activations out, float cap) {
    backend.elementwise().softCap(out, cap);
  }

  public void copyColumns(Activations out, Activations x, Elementwise.Columns columns) {
    backend.elementwise().copyColumns(out, x, columns);
  }

  public void copyRows(Activations out, Activations x, int[] rows) {
    backend.elementwise().copyRows(out, x, rows);
  }

  private List<RowRun<WeightVector>> vectors(Parameter.Vector vector) {
    return batch.tenants().vectors(vector, weights.vector(vector));
  }
}

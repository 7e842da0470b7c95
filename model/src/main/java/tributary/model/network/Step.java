package tributary.model.network;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.KvCache;
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
  private final Weights weights;
  private final Workspace workspace;
  private final KvCache cache;
  private final Batch batch;

  public Step(Backend backend, Weights weights, Workspace workspace, KvCache cache, Batch batch) {
    this.backend = backend;
    this.weights = weights;
    this.workspace = workspace;
    this.cache = cache;
    this.batch = batch;
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
    return new Step(backend, weights, workspace, cache, selected);
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

  public void multiply(Activations out, Activations x, Parameter.Matrix matrix) {
    backend.linear().apply(out, x, weights.matrix(matrix), batch.tenants().deltas(matrix));
  }

  public void project(Activations out, Activations x, Projection projection) {
    multiply(out, x, projection.weight());
    List<RowRun<WeightVector>> biases =
        batch.tenants().vectors(projection.bias(), weights.vector(projection.bias()));
    if (!biases.isEmpty()) {
      backend.elementwise().addBias(out, biases);
    }
  }

  public void rmsNorm(Activations out, Activations x, Parameter.Vector weight, float epsilon) {
    backend
        .rmsNorm()
        .apply(out, x, batch.tenants().vectors(weight, weights.vector(weight)), epsilon);
  }

  /** Rotates q and k, and stores k and v in the cache. */
  public void rope(Rope.Operands operands, Rope.Frequencies frequencies, int layer) {
    backend.rope().apply(operands, frequencies, cache, layer, batch.sequences());
  }

  public void attend(Activations out, Activations q, int layer, float scale) {
    backend.attention().apply(out, q, cache, layer, batch.sequences(), scale);
  }

  public void add(Activations out, Activations x) {
    backend.elementwise().add(out, x);
  }

  public void siluMultiply(Activations out, Activations gate, Activations up) {
    backend.elementwise().siluMultiply(out, gate, up);
  }

  public void copyRows(Activations out, Activations x, int[] rows) {
    backend.elementwise().copyRows(out, x, rows);
  }
}

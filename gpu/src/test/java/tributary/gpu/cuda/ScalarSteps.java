package tributary.gpu.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.KvCache;
import tributary.gpu.Rope;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.StepOp;
import tributary.gpu.program.StepProgram;
import tributary.gpu.program.TenantOperands;

/**
 * A program carried out by a backend's kernels, one by one, with values rounded to bf16 where a
 * device stores them so: what compiled steps are compared with.
 */
final class ScalarSteps {
  /** A step's rows. */
  record Rows(int[] tokens, List<RowRun<TenantOperands>> tenants, List<SequenceRows> sequences) {}

  private final Backend backend;
  private final StepProgram program;
  private final BaseOperands base;
  private final KvCache cache;

  ScalarSteps(Backend backend, StepProgram program, BaseOperands base, KvCache cache) {
    this.backend = backend;
    this.program = program;
    this.base = base;
    this.cache = cache;
  }

  /** The logits of every row; those that a variant lacks are negative infinity. */
  List<float[]> run(Rows rows) {
    Map<Integer, Activations> buffers = new HashMap<>();
    for (StepOp op : program.ops()) {
      carryOut(op, rows, buffers);
    }
    Activations logits = held(buffers, program.logits());
    List<float[]> result = new ArrayList<>();
    for (int row = 0; row < logits.rows(); row++) {
      float[] values = new float[logits.columns()];
      logits.readRow(row, values);
      result.add(values);
    }
    return result;
  }

  private void carryOut(StepOp op, Rows rows, Map<Integer, Activations> buffers) {
    switch (op) {
      case StepOp.Embed(var out, var matrix) -> {
        WeightMatrix weight = base.matrix(matrix);
        backend
            .gather()
            .apply(
                made(buffers, out, rows, weight.columns()),
                rows.tokens,
                weight,
                deltas(rows, matrix));
      }
      case StepOp.Multiply(var out, var x, var matrix) -> {
        WeightMatrix weight = base.matrix(matrix);
        List<RowRun<DeltaMatrix>> deltas = deltas(rows, matrix);
        int columns =
            deltas.stream().map(run -> run.operand().rows()).reduce(weight.rows(), Math::max);
        Activations product = made(buffers, out, rows, columns);
        backend.linear().apply(product, held(buffers, x), weight, deltas);
        if (matrix >= 1 && matrix <= 3) {
          round(product);
        }
      }
      case StepOp.AddBias(var out, var vector) -> {
        List<RowRun<WeightVector>> biases = vectors(rows, vector);
        if (!biases.isEmpty()) {
          backend.elementwise().addBias(held(buffers, out), biases);
        }
      }
      case StepOp.Normalize(var out, var x, var vector, var epsilon) -> {
        Activations from = held(buffers, x);
        Activations to = made(buffers, out, rows, from.columns());
        backend.rmsNorm().apply(to, from, vectors(rows, vector), epsilon);
        round(to);
      }
      case StepOp.Rotate(var q, var k, var v, var frequencies, var layer) -> {
        round(held(buffers, q));
        round(held(buffers, k));
        round(held(buffers, v));
        backend
            .rope()
            .apply(
                new Rope.Operands(held(buffers, q), held(buffers, k), held(buffers, v)),
                frequencies,
                cache,
                layer,
                rows.sequences);
        round(held(buffers, q));
      }
      case StepOp.Attend(var out, var q, var layer, var scores) -> {
        Activations queries = held(buffers, q);
        Activations to = made(buffers, out, rows, queries.columns());
        backend.attention().apply(to, queries, cache, layer, rows.sequences, scores);
        round(to);
      }
      case StepOp.Add(var out, var x) ->
          backend.elementwise().add(held(buffers, out), held(buffers, x));
      case StepOp.Gate(var out, var gate, var up) -> {
        Activations to = held(buffers, gate);
        backend.elementwise().siluMultiply(to, to, held(buffers, up));
        round(to);
        buffers.put(out, to);
      }
      case StepOp.Other(var what) -> throw new AssertionError("no decoder here computes " + what);
    }
  }

  private Activations made(Map<Integer, Activations> buffers, int id, Rows rows, int columns) {
    Activations made = backend.activations(rows.tokens.length, columns);
    buffers.put(id, made);
    return made;
  }

  private static Activations held(Map<Integer, Activations> buffers, int id) {
    Activations held = buffers.get(id);
    if (held == null) {
      throw new IllegalStateException("buffer " + id + " holds nothing");
    }
    return held;
  }

  private static void round(Activations activations) {
    float[] row = new float[activations.columns()];
    for (int i = 0; i < activations.rows(); i++) {
      activations.readRow(i, row);
      for (int c = 0; c < row.length; c++) {
        row[c] = TinyDecoder.bf16(row[c]);
      }
      activations.writeRow(i, row);
    }
  }

  private static List<RowRun<DeltaMatrix>> deltas(Rows rows, int matrix) {
    List<RowRun<DeltaMatrix>> runs = new ArrayList<>();
    for (RowRun<TenantOperands> run : rows.tenants) {
      DeltaMatrix delta = run.operand().matrix(matrix);
      if (delta != null) {
        runs.add(new RowRun<>(run.firstRow(), run.rows(), delta));
      }
    }
    return runs;
  }

  private List<RowRun<WeightVector>> vectors(Rows rows, int slot) {
    List<RowRun<WeightVector>> runs = new ArrayList<>();
    for (int row = 0; row < rows.tokens.length; row++) {
      WeightVector vector = vector(rows, row, slot);
      if (vector != null) {
        runs.add(new RowRun<>(row, 1, vector));
      }
    }
    return runs;
  }

  private @Nullable WeightVector vector(Rows rows, int row, int slot) {
    for (RowRun<TenantOperands> run : rows.tenants) {
      if (run.firstRow() <= row && row < run.endRow() && run.operand().vector(slot) != null) {
        return run.operand().vector(slot);
      }
    }
    return base.vector(slot);
  }
}

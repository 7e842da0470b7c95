package tributary.gpu.host;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Elementwise;
import tributary.gpu.Gemm;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What the contracts require of their operands' shapes, checked before anything is computed. */
public final class OperandChecks {
  private OperandChecks() {}

  /** Operands of {@link tributary.gpu.Linear}. */
  public static void linear(
      Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    require(x.columns() == weight.columns(), "linear: x columns", x.columns(), weight.columns());
    require(out.rows() == x.rows(), "linear: out rows", out.rows(), x.rows());
    requireAtLeast("linear: out columns", out.columns(), weight.rows());
    runs("linear", deltas, x.rows());
    for (RowRun<DeltaMatrix> run : deltas) {
      delta("linear", run.operand(), weight);
      requireAtLeast("linear: out columns", out.columns(), run.operand().rows());
    }
  }

  /** Operands of {@link Gemm}: long enough, and the result is none of the others. */
  @SuppressWarnings("ReferenceEquality") // The same memory is the question.
  public static void gemm(float[] out, float[] a, float[] b, Gemm.Extent extent) {
    requireElements("matrix product: out", out, extent.m(), extent.n());
    requireElements("matrix product: a", a, extent.m(), extent.k());
    requireElements("matrix product: b", b, extent.n(), extent.k());
    if (out == a || out == b) {
      throw new IllegalArgumentException("matrix product: out is also an operand");
    }
  }

  private static void requireElements(String what, float[] values, int rows, int columns) {
    long least = (long) rows * columns;
    require(values.length >= least, what + " elements, at least", values.length, least);
  }

  /** Operands of {@link tributary.gpu.Gather}. */
  public static void gather(
      Activations out, int[] tokens, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    require(out.rows() == tokens.length, "gather: out rows", out.rows(), tokens.length);
    require(
        out.columns() == weight.columns(), "gather: out columns", out.columns(), weight.columns());
    runs("gather", deltas, tokens.length);
    for (RowRun<DeltaMatrix> run : deltas) {
      delta("gather", run.operand(), weight);
    }
  }

  /** A token that is looked up in a matrix of {@code rows} rows. */
  public static void token(int token, int rows) {
    if (token < 0 || token >= rows) {
      throw new IllegalArgumentException(
          "gather: token %d is not a row of its matrix, rows=%d".formatted(token, rows));
    }
  }

  private static void delta(String kernel, DeltaMatrix delta, WeightMatrix weight) {
    require(
        delta.columns() == weight.columns(),
        kernel + ": delta columns",
        delta.columns(),
        weight.columns());
    requireAtLeast(kernel + ": delta rows", delta.rows(), weight.rows());
  }

  /** The code of a delta covers the base's rows, no more and no fewer. */
  public static void codedRows(int codedRows, int baseRows) {
    require(codedRows == baseRows, "delta: coded rows", codedRows, baseRows);
  }

  /** Rows that a delta adds are as wide as its code. */
  public static void addedRows(int columns, int codedColumns) {
    require(columns == codedColumns, "delta: columns of added rows", columns, codedColumns);
  }

  /** What to say of an archive, which nothing computes with. */
  public static TributaryException archive() {
    return new TributaryException(
        ErrorCode.DELTA_FORMAT, "delta: an archive cannot be served; restore it first");
  }

  /** Equal extents of two matrices. */
  public static void sameShape(String kernel, Activations a, Activations b) {
    require(a.rows() == b.rows(), kernel + ": rows", a.rows(), b.rows());
    require(a.columns() == b.columns(), kernel + ": columns", a.columns(), b.columns());
  }

  /** Runs ascend, do not overlap and lie within the rows. */
  private static void runs(String kernel, List<? extends RowRun<?>> runs, int rows) {
    int end = 0;
    for (RowRun<?> run : runs) {
      if (run.firstRow() < end || run.endRow() > rows) {
        throw new IllegalArgumentException(
            "%s: run of rows %d to %d must begin at %d or later and end at %d or earlier"
                .formatted(kernel, run.firstRow(), run.endRow(), end, rows));
      }
      end = run.endRow();
    }
  }

  /** As {@link #runs}, and every row is in one. */
  private static void coveringRuns(String kernel, List<? extends RowRun<?>> runs, int rows) {
    runs(kernel, runs, rows);
    int covered = runs.stream().mapToInt(RowRun::rows).sum();
    require(covered == rows, kernel + ": rows in runs", covered, rows);
  }

  /** Operands of {@link tributary.gpu.Elementwise#addBias}. */
  public static void biases(Activations out, List<RowRun<WeightVector>> biases) {
    runs("add bias", biases, out.rows());
    for (RowRun<WeightVector> run : biases) {
      int length = run.operand().length();
      require(length == out.columns(), "add bias: bias length", length, out.columns());
    }
  }

  /** Operands of {@link tributary.gpu.Elementwise#copyRows}. */
  public static void copiedRows(Activations out, Activations x, int[] rows) {
    require(out.rows() == rows.length, "copy rows: out rows", out.rows(), rows.length);
    require(out.columns() == x.columns(), "copy rows: out columns", out.columns(), x.columns());
  }

  /** Operands of {@link tributary.gpu.RmsNorm}. */
  public static void rmsNorm(Activations out, Activations x, List<RowRun<WeightVector>> weights) {
    sameShape("rms norm", out, x);
    coveringRuns("rms norm", weights, x.rows());
    for (RowRun<WeightVector> run : weights) {
      int length = run.operand().length();
      require(
          length > 0 && x.columns() % length == 0,
          "rms norm: weight length, or a part of it",
          length,
          x.columns());
    }
  }

  /** Operands of {@link tributary.gpu.LayerNorm}. */
  public static void layerNorm(
      Activations out,
      Activations x,
      List<RowRun<WeightVector>> weights,
      List<RowRun<WeightVector>> biases) {
    sameShape("layer norm", out, x);
    vectors("layer norm: weight", weights, x);
    vectors("layer norm: bias", biases, x);
  }

  private static void vectors(String what, List<RowRun<WeightVector>> runs, Activations x) {
    coveringRuns(what, runs, x.rows());
    for (RowRun<WeightVector> run : runs) {
      int length = run.operand().length();
      require(length == x.columns(), what + " length", length, x.columns());
    }
  }

  /** Operands of {@link tributary.gpu.Elementwise#copyColumns}. */
  public static void copiedColumns(Activations out, Activations x, Elementwise.Columns columns) {
    require(out.rows() == x.rows(), "copy columns: out rows", out.rows(), x.rows());
    int width = columns.width();
    boolean blocks = width > 0 && columns.first() >= 0 && columns.stride() >= width;
    if (!blocks || out.columns() % width != 0) {
      throw new IllegalArgumentException(
          "copy columns: %s into %d columns; wanted whole blocks that do not overlap"
              .formatted(columns, out.columns()));
    }
    long end = columns.first() + (long) (out.columns() / width - 1) * columns.stride() + width;
    require(end <= x.columns(), "copy columns: end of the last block, at most", end, x.columns());
  }

  /** A factor of {@link tributary.gpu.Elementwise#softCap}. */
  public static void softCap(float cap) {
    if (!(cap > 0)) {
      throw new IllegalArgumentException("soft cap: found " + cap + ", wanted a positive number");
    }
  }

  /** Operands of {@link Rope}. */
  public static void rope(
      Rope.Operands operands,
      Rope.Frequencies frequencies,
      KvShape shape,
      int layer,
      List<SequenceRows> rows) {
    int batch = operands.q().rows();
    int width = shape.heads() * shape.headSize();
    heads("rope", operands.q(), shape, layer);
    require(operands.k().rows() == batch, "rope: k rows", operands.k().rows(), batch);
    require(operands.v().rows() == batch, "rope: v rows", operands.v().rows(), batch);
    require(operands.k().columns() == width, "rope: k columns", operands.k().columns(), width);
    require(operands.v().columns() == width, "rope: v columns", operands.v().columns(), width);
    int rotated = 2 * frequencies.inverseFrequencies().length;
    require(rotated <= shape.headSize(), "rope: rotated, at most", rotated, shape.headSize());
    for (SequenceRows sequence : rows) {
      sequence("rope", sequence, batch, shape);
    }
  }

  /** Operands of {@link tributary.gpu.Attention}. */
  public static void attention(
      Activations out, Activations q, KvShape shape, int layer, List<SequenceRows> rows) {
    sameShape("attention", out, q);
    heads("attention", q, shape, layer);
    for (SequenceRows sequence : rows) {
      sequence("attention", sequence, q.rows(), shape);
    }
  }

  private static void heads(String kernel, Activations q, KvShape shape, int layer) {
    int width = shape.heads() * shape.headSize();
    if (q.columns() % width != 0 || layer < 0 || layer >= shape.layers()) {
      throw new IllegalArgumentException(
          "%s: q has %d columns and the layer is %d; wanted a multiple of %d and below %d"
              .formatted(kernel, q.columns(), layer, width, shape.layers()));
    }
  }

  /** A sequence's rows lie in the batch and its page table covers them, within the pool. */
  private static void sequence(String kernel, SequenceRows rows, int batchRows, KvShape shape) {
    long positions = (long) rows.firstPosition() + rows.rows();
    if (rows.firstRow() < 0
        || rows.rows() < 1
        || rows.firstPosition() < 0
        || (long) rows.firstRow() + rows.rows() > batchRows
        || (long) rows.pages().length * shape.pageTokens() < positions) {
      throw new IllegalArgumentException(
          "%s: sequence firstRow=%d rows=%d firstPosition=%d pages=%d in a batch of %d rows"
                  .formatted(
                      kernel,
                      rows.firstRow(),
                      rows.rows(),
                      rows.firstPosition(),
                      rows.pages().length,
                      batchRows)
              + " with pageTokens="
              + shape.pageTokens());
    }
    for (long position = 0; position < positions; position += shape.pageTokens()) {
      int page = rows.pages()[(int) (position / shape.pageTokens())];
      if (page < 0 || page >= shape.pages()) {
        throw new IllegalArgumentException(
            "%s: page %d is not in the pool, pages=%d".formatted(kernel, page, shape.pages()));
      }
    }
  }

  /** An extent that must be a given one. */
  private static void require(boolean holds, String what, long found, long wanted) {
    if (!holds) {
      throw new IllegalArgumentException(what + ": found " + found + ", wanted " + wanted);
    }
  }

  private static void requireAtLeast(String what, int found, int least) {
    require(found >= least, what + ", at least", found, least);
  }
}

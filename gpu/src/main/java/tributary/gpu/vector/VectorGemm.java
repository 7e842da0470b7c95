package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import tributary.gpu.Gemm;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;
import tributary.gpu.vector.GemmPanels.Operand;

/**
 * Dense products, block by block: both operands' blocks are copied into {@link GemmPanels}, which
 * is where the three forms differ, and multiplied tile by tile by the team.
 *
 * <p>Every element is the sum of its blocks of {@link #BLOCK_STEPS} steps in order, each summed
 * step by step, whoever computes it.
 *
 * <p>Cost: 2mnk flops. A tile's panel of columns stays in a core's first cache, a chunk's rows in
 * its second; packing moves each operand once for each {@link #BLOCK_VECTORS} rows or columns of
 * the other, so that the product is bound by arithmetic when m and n are in the hundreds.
 */
final class VectorGemm implements Gemm {
  /** Steps of a block. 384 of them in 16 columns take three quarters of a first cache. */
  private static final int BLOCK_STEPS = 384;

  /** Rows or columns of a block; bounds the memory of the panels. */
  private static final int BLOCK_VECTORS = 2048;

  /** Panels of rows in a chunk: with 384 steps, a share of a second cache. */
  private static final int CHUNK_ROW_PANELS = 24;

  private static final int CHUNKS_PER_THREAD = 4;

  /** Multiply-adds below which waking the team costs more than it saves. */
  private static final long ALONE = 1 << 18;

  /** Which elements of a result are wanted. */
  private enum Part {
    /** All, added to what is there. */
    ALL,
    /** Those on and above the diagonal, added to what is there. */
    UPPER,
    /** All, in place of what is there. */
    NEW
  }

  private final WorkerTeam team;
  private final float[][] sums;
  private final GemmPanels rows = new GemmPanels(GemmTile.ROWS);
  private final GemmPanels columns = new GemmPanels(GemmTile.COLUMNS);

  VectorGemm(WorkerTeam team) {
    this.team = team;
    this.sums = new float[team.threads()][GemmTile.SIZE];
  }

  @Override
  public void addTransposed(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    add(out, new Operand.Rows(a, extent.k()), new Operand.Rows(b, extent.k()), extent);
  }

  @Override
  public void add(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    add(out, new Operand.Rows(a, extent.k()), new Operand.Columns(b, extent.n()), extent);
  }

  @Override
  public void addGram(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    add(out, new Operand.Columns(a, extent.m()), new Operand.Columns(b, extent.n()), extent);
  }

  @Override
  public void addUpperGram(float[] out, float[] a, int columns, int rows) {
    Extent extent = new Extent(columns, columns, rows);
    OperandChecks.gemm(out, a, a, extent);
    Operand vectors = new Operand.Columns(a, columns);
    add(out, vectors, vectors, extent, Part.UPPER);
  }

  /** Sets {@code out[m, n]} to {@code a[m, k] weights[n, k]^T}. */
  void multiplyTransposed(float[] out, float[] a, HostMatrix weights, int m) {
    Extent extent = new Extent(m, weights.rows(), weights.columns());
    add(out, new Operand.Rows(a, extent.k()), new Operand.Weights(weights), extent, Part.NEW);
  }

  private void add(float[] out, Operand a, Operand b, Extent extent) {
    add(out, a, b, extent, Part.ALL);
  }

  private void add(float[] out, Operand a, Operand b, Extent extent, Part part) {
    for (int p = 0; p < extent.k(); p += BLOCK_STEPS) {
      int pEnd = Math.min(p + BLOCK_STEPS, extent.k());
      for (int j = 0; j < extent.n(); j += BLOCK_VECTORS) {
        columns.begin(j, Math.min(j + BLOCK_VECTORS, extent.n()), p, pEnd);
        pack(columns, b, extent.m());
        for (int i = 0; i < extent.m(); i += BLOCK_VECTORS) {
          rows.begin(i, Math.min(i + BLOCK_VECTORS, extent.m()), p, pEnd);
          pack(rows, a, extent.n());
          multiply(out, extent.n(), part == Part.NEW && p > 0 ? Part.ALL : part);
        }
      }
    }
  }

  /** The work of packing is counted as that of the products it is for. */
  private void pack(GemmPanels panels, Operand operand, int others) {
    long work = (long) panels.count() * panels.steps() * others;
    int together = panels.together();
    run(
        Math.ceilDiv(panels.count(), together),
        work,
        (part, _) -> {
          int first = part * together;
          panels.pack(first, Math.min(first + together, panels.count()), operand);
        });
  }

  /** Few rows are shared out by columns too. */
  private void multiply(float[] out, int stride, Part part) {
    int rowChunks = Math.ceilDiv(rows.count(), CHUNK_ROW_PANELS);
    int wanted = Math.ceilDiv(CHUNKS_PER_THREAD * team.threads(), rowChunks);
    int columnPanels = Math.ceilDiv(columns.count(), Math.min(wanted, columns.count()));
    int columnChunks = Math.ceilDiv(columns.count(), columnPanels);
    long work = (long) rows.count() * columns.count() * GemmTile.SIZE * rows.steps();
    run(
        rowChunks * columnChunks,
        work,
        (chunk, worker) -> {
          int row = chunk % rowChunks * CHUNK_ROW_PANELS;
          int column = chunk / rowChunks * columnPanels;
          for (int j = column; j < Math.min(column + columnPanels, columns.count()); j++) {
            for (int i = row; i < Math.min(row + CHUNK_ROW_PANELS, rows.count()); i++) {
              if (part != Part.UPPER || !isBelowDiagonal(i, j)) {
                tile(out, stride, i, j, sums[worker], part);
              }
            }
          }
        });
  }

  private boolean isBelowDiagonal(int rowPanel, int columnPanel) {
    int endColumn = columns.firstVector(columnPanel) + columns.vectorsIn(columnPanel);
    return endColumn <= rows.firstVector(rowPanel);
  }

  private void tile(
      float[] out, int stride, int rowPanel, int columnPanel, float[] tile, Part part) {
    GemmTile.multiply(
        rows.values(),
        rows.start(rowPanel),
        columns.values(),
        columns.start(columnPanel),
        rows.steps(),
        tile);
    int present = columns.vectorsIn(columnPanel);
    int first = rows.firstVector(rowPanel) * stride + columns.firstVector(columnPanel);
    for (int row = 0; row < rows.vectorsIn(rowPanel); row++) {
      int to = first + row * stride;
      int from = row * GemmTile.COLUMNS;
      if (part == Part.NEW) {
        System.arraycopy(tile, from, out, to, present);
      } else {
        addRow(out, to, tile, from, present);
      }
    }
  }

  private static void addRow(float[] out, int at, float[] tile, int from, int count) {
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, out, at + i)
          .add(FloatVector.fromArray(Lanes.FLOATS, tile, from + i))
          .intoArray(out, at + i);
    }
    for (; i < count; i++) {
      out[at + i] += tile[from + i];
    }
  }

  private void run(int chunks, long work, WorkerTeam.Body body) {
    if (work < ALONE) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        body.chunk(chunk, 0);
      }
    } else {
      team.run(chunks, body);
    }
  }
}

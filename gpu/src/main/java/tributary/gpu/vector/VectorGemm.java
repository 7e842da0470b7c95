package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import tributary.gpu.Gemm;
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
  /** Steps of a block. 256 of them in 16 columns take half of a first cache. */
  private static final int BLOCK_STEPS = 256;

  /** Rows or columns of a block; bounds the memory of the panels. */
  private static final int BLOCK_VECTORS = 2048;

  /** Panels of rows in a chunk: with 256 steps, a share of a second cache. */
  private static final int CHUNK_ROW_PANELS = 24;

  private static final int CHUNKS_PER_THREAD = 4;

  /** Multiply-adds below which waking the team costs more than it saves. */
  private static final long ALONE = 1 << 18;

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
    add(out, Operand.ofRows(a, extent.k()), Operand.ofRows(b, extent.k()), extent);
  }

  @Override
  public void add(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    add(out, Operand.ofRows(a, extent.k()), Operand.ofColumns(b, extent.n()), extent);
  }

  @Override
  public void addGram(float[] out, float[] a, float[] b, Extent extent) {
    OperandChecks.gemm(out, a, b, extent);
    add(out, Operand.ofColumns(a, extent.m()), Operand.ofColumns(b, extent.n()), extent);
  }

  private void add(float[] out, Operand a, Operand b, Extent extent) {
    for (int p = 0; p < extent.k(); p += BLOCK_STEPS) {
      int pEnd = Math.min(p + BLOCK_STEPS, extent.k());
      for (int j = 0; j < extent.n(); j += BLOCK_VECTORS) {
        columns.begin(j, Math.min(j + BLOCK_VECTORS, extent.n()), p, pEnd);
        pack(columns, b, extent.m());
        for (int i = 0; i < extent.m(); i += BLOCK_VECTORS) {
          rows.begin(i, Math.min(i + BLOCK_VECTORS, extent.m()), p, pEnd);
          pack(rows, a, extent.n());
          multiply(out, extent.n());
        }
      }
    }
  }

  /** The work of packing is counted as that of the products it is for. */
  private void pack(GemmPanels panels, Operand operand, int others) {
    long work = (long) panels.count() * panels.steps() * others;
    run(panels.count(), work, (panel, _) -> panels.pack(panel, operand));
  }

  /** Few rows are shared out by columns too. */
  private void multiply(float[] out, int stride) {
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
              tile(out, stride, i, j, sums[worker]);
            }
          }
        });
  }

  private void tile(float[] out, int stride, int rowPanel, int columnPanel, float[] tile) {
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
      addRow(out, first + row * stride, tile, row * GemmTile.COLUMNS, present);
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

package tributary.gpu.vector;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Linear;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;

/**
 * The linear layer, its outputs shared out among the team in chunks.
 *
 * <p>Cost, for T rows of K inputs and N outputs over bf16 weights: 2NK bytes of weights, once for
 * each {@link #BLOCK_ROWS} rows, and 2TNK flops; for each tenant NK/8 bytes a plane, or those of
 * its codes and NK weights decoded. A few rows are bound by memory, a block by arithmetic.
 */
final class VectorLinear implements Linear {
  /** Rows whose prepared inputs are held at once; bounds scratch. */
  private static final int BLOCK_ROWS = 64;

  /** The same where no row needs tables: weights that have to be widened are so less often. */
  private static final int PLAIN_BLOCK_ROWS = 256;

  /** Multiply-adds below which waking the team costs more than it saves. */
  private static final long ALONE = 32_768;

  /** Weights of a chunk: enough to forget the claim, few enough to stay in a core's own cache. */
  private static final int CHUNK_BYTES = 128 << 10;

  private static final int OUTPUTS_LEAST = 16;
  private static final int OUTPUTS_MOST = 64;

  /** Four strips of one plane: fewer at a time, and each waits for its own additions. */
  private static final int OUTPUTS_WITH_SIGNS = 4 * 16;

  private static final int CHUNKS_PER_THREAD = 4;

  private final WorkerTeam team;
  private final Scratch[] scratch;
  private final InputRows inputs = new InputRows();

  VectorLinear(WorkerTeam team, Scratch[] scratch) {
    this.team = team;
    this.scratch = scratch;
  }

  @Override
  public void apply(
      Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    OperandChecks.linear(out, x, weight, deltas);
    for (RowRun<DeltaMatrix> run : deltas) {
      if (run.operand() instanceof VectorDelta.Coded coded) {
        OperandChecks.codedRows(coded.code().rows(), weight.rows());
      }
    }
    int blockRows = deltas.isEmpty() ? PLAIN_BLOCK_ROWS : BLOCK_ROWS;
    for (int row = 0; row < x.rows(); row += blockRows) {
      int rows = Math.min(blockRows, x.rows() - row);
      block(
          new LinearBlock(
              HostActivations.of(out),
              HostActivations.of(x),
              HostMatrix.of(weight),
              deltas,
              row,
              rows,
              inputs),
          rows,
          out.columns(),
          x.columns());
    }
  }

  private void block(LinearBlock block, int rows, int outputs, int columns) {
    boolean signs = block.hasSigns();
    inputs.begin(rows, columns, signs);
    if ((long) rows * columns * (signs ? Lanes.COUNT : 1) < ALONE) {
      for (int row = 0; row < rows; row++) {
        block.prepare(row);
      }
    } else {
      team.run(rows, (row, _) -> block.prepare(row));
    }
    if ((long) rows * outputs * columns < ALONE) {
      block.outputs(0, outputs, scratch[0]);
      return;
    }
    int chunk = signs ? OUTPUTS_WITH_SIGNS : chunkOutputs(outputs, columns);
    team.run(
        Math.ceilDiv(outputs, chunk),
        (index, worker) ->
            block.outputs(index * chunk, Math.min((index + 1) * chunk, outputs), scratch[worker]));
  }

  private int chunkOutputs(int outputs, int columns) {
    int fair = outputs / (CHUNKS_PER_THREAD * team.threads());
    int near = CHUNK_BYTES / (2 * columns);
    return Math.clamp(Math.min(fair, near) & -OUTPUTS_LEAST, OUTPUTS_LEAST, OUTPUTS_MOST);
  }
}

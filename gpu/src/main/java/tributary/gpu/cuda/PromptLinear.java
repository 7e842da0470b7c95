package tributary.gpu.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;
import tributary.gpu.cuda.driver.LaunchShape.Grid;

/**
 * Linear layers of many rows. Contracts: {@code prefill_linear.cu} and, where tenants' differences
 * are not {@linkplain ProjectionLayout.Kind#isLight light}, {@code widen_projection.cu}. Of those
 * as many tenants share a launch as the scratch has room for; of others all do.
 *
 * @param step address of the batch's description
 */
record PromptLinear(CudaModel model, Launcher launcher, long step, RowTiles tiles, Scratch scratch)
    implements StepLaunches.Linear {
  private static final String BINARY = "prefill_linear";

  /** The only one with products of a warpgroup. */
  private static final int CAPABILITY = 90;

  private static final int OPERAND_BYTES = 80;
  private static final int OUTPUTS = 128;
  private static final int THREADS = 512;
  private static final int WIDEN_THREADS = 256;
  private static final int FILLS = 4;
  private static final int FILL_BYTES = (RowTiles.ROWS + OUTPUTS) * 64 * Short.BYTES;
  private static final int ALIGNMENT = 1024;
  private static final int BARRIERS = 3;
  private static final int SHARED_BYTES = ALIGNMENT + FILLS * (FILL_BYTES + BARRIERS * Long.BYTES);

  /** Device memory for weights that were widened. */
  record Scratch(long address, long bytes) {}

  /** Bytes of scratch that no projection of a step's layers does without: its widened weights. */
  static long scratchBytes(CudaModel model) {
    long most = 0;
    for (int slot = 0; slot < model.projections().size(); slot++) {
      if (slot != model.embedding() && slot != model.head()) {
        most = Math.max(most, bytes(model.projections().get(slot)));
      }
    }
    return most;
  }

  /** True when the device has the products, and they take all projections of a step's layers. */
  static boolean serves(CudaModel model) {
    if (model.device().driver().facts().capability() != CAPABILITY) {
      return false;
    }
    for (int slot = 0; slot < model.projections().size(); slot++) {
      Projection projection = model.projections().get(slot);
      boolean ofVocabulary = slot == model.embedding() || slot == model.head();
      if (projection.columns() % 8 != 0 || (!ofVocabulary && projection.outputs() % 8 != 0)) {
        return false;
      }
    }
    return true;
  }

  private static long bytes(Projection projection) {
    return Tiles.weightBytes(projection.outputs(), projection.columns());
  }

  @Override
  public void multiply(int slot, long out, long x, FusedLinear.Finish finish) {
    Projection projection = model.projections().get(slot);
    int runs = tiles.runs();
    if (runs == 0 || !model.differsHeavily(slot)) {
      multiply(new Share(slot, 0, 0, tiles.before(runs), 0), out, x, finish);
      return;
    }
    int together = Math.toIntExact(Math.min(runs, scratch.bytes / bytes(projection)));
    for (int first = 0; first < runs; first += together) {
      int end = Math.min(runs, first + together);
      widen(slot, first, end - first);
      int firstTile = first == 0 ? 0 : tiles.before(first);
      multiply(
          new Share(slot, first, firstTile, tiles.before(end), scratch.address), out, x, finish);
    }
  }

  /** Tiles [firstTile, endTile), of runs of which the first is in the scratch's first place. */
  private record Share(int slot, int firstRun, int firstTile, int endTile, long scratch) {}

  private void widen(int slot, int firstRun, int runs) {
    Projection projection = model.projections().get(slot);
    launcher.overlapping(
        "widen_projection",
        "widen_projection",
        new LaunchShape(
            new Grid(runs, Tiles.count(projection.outputs()), 1), WIDEN_THREADS, 0, 1, true),
        new Arguments()
            .address(scratch.address)
            .address(model.weights(slot))
            .address(step)
            .address(bytes(projection))
            .number(slot)
            .number(firstRun)
            .number(projection.outputs())
            .number(projection.columns()));
  }

  private void multiply(Share share, long out, long x, FusedLinear.Finish finish) {
    int count = share.endTile - share.firstTile;
    if (count == 0) {
      return;
    }
    Projection projection = model.projections().get(share.slot);
    byte[] operands =
        ByteBuffer.allocate(OPERAND_BYTES)
            .order(ByteOrder.nativeOrder())
            .putLong(out)
            .putLong(x)
            .putLong(model.weights(share.slot))
            .putLong(share.scratch)
            .putLong(step)
            .putLong(tiles.address() + (long) share.firstTile * RowTiles.BYTES)
            .putLong(bytes(projection))
            .putInt(count)
            .putInt(share.slot)
            .putInt(share.firstRun)
            .putInt(projection.columns())
            .putInt(projection.outputs())
            .putInt(finish.code())
            .array();
    Driver driver = launcher.driver();
    driver.allowSharedMemory(launcher.kernels().function(BINARY, BINARY), SHARED_BYTES);
    int units = count * Math.ceilDiv(projection.outputs(), OUTPUTS);
    launcher.overlapping(
        BINARY,
        BINARY,
        new LaunchShape(
            new Grid(Math.min(units, driver.facts().multiprocessors()), 1, 1),
            THREADS,
            SHARED_BYTES,
            1,
            true),
        new Arguments().structure(operands));
  }
}

package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.driver.Driver;

/**
 * The memory that prompts work in: activations of many rows, and the description of the batch: its
 * {@linkplain StepLayout rows}, their page tables, and the tiles of {@linkplain QueryTiles
 * attention} and of {@linkplain RowTiles linear layers}.
 */
final class PromptBuffers implements AutoCloseable {
  /** Tenants that can share a launch of the largest projection. */
  private static final int WIDENED_TOGETHER = 2;

  private final Driver driver;
  private final DeviceArena fixed;
  private final Activations activations;
  private final PromptLinear.Scratch scratch;
  private DeviceArena changing;
  private MemorySegment host = MemorySegment.NULL;
  private long description;

  private PromptBuffers(CudaModel model, KvShape shape, DeviceArena fixed, int rows) {
    this.driver = model.device().driver();
    this.fixed = fixed;
    this.activations = Activations.allocate(fixed, model.plan(), shape, rows);
    long scratchBytes = WIDENED_TOGETHER * PromptLinear.scratchBytes(model);
    this.scratch = new PromptLinear.Scratch(fixed.allocate(scratchBytes), scratchBytes);
    this.changing = new DeviceArena(driver, "page tables");
  }

  static PromptBuffers allocate(CudaModel model, KvShape shape, int rows) {
    DeviceArena fixed =
        new DeviceArena(model.device().driver(), "prompts of %d rows".formatted(rows));
    try {
      return new PromptBuffers(model, shape, fixed, rows);
    } catch (RuntimeException | Error e) {
      fixed.close();
      throw e;
    }
  }

  /** Addresses of a batch's description. */
  record Description(long step, long tables, QueryTiles queries, RowTiles rows) {}

  /** Starts to copy the description of these rows. */
  Description describe(StepPart part, long stream) {
    List<SequenceRows> pieces = part.pieces();
    long tables = StepLayout.bytes(part.rows());
    long queriesAt = tables + (long) part.pageEntries() * Integer.BYTES;
    long rowsAt = queriesAt + QueryTiles.bytes(pieces);
    long bytes = rowsAt + RowTiles.bytesMax(part.rows(), part.runs().size());
    makeRoom(bytes);
    var _ = part.write(host, part.rows());
    int queries = QueryTiles.write(host.asSlice(queriesAt), pieces);
    RowTiles rows =
        RowTiles.write(host.asSlice(rowsAt), description + rowsAt, part.rows(), part.runs());
    driver.copyToDevice(description, host.asSlice(0, bytes), stream);
    return new Description(
        description, description + tables, new QueryTiles(description + queriesAt, queries), rows);
  }

  private void makeRoom(long bytes) {
    if (host.byteSize() >= bytes) {
      return;
    }
    long size = Math.max(bytes, 2 * host.byteSize());
    releaseChanging();
    changing = new DeviceArena(driver, "page tables");
    description = changing.allocate(size);
    host = driver.allocatePinned(size);
  }

  private void releaseChanging() {
    changing.close();
    if (host.byteSize() > 0) {
      driver.freePinned(host);
      host = MemorySegment.NULL;
    }
  }

  PromptLinear.Scratch scratch() {
    return scratch;
  }

  Activations activations() {
    return activations;
  }

  @Override
  public void close() {
    releaseChanging();
    fixed.close();
  }
}

package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import tributary.gpu.KvShape;
import tributary.gpu.cuda.driver.Driver;

/**
 * The memory that steps work in: activations of the most rows that a graph computes, the cache of
 * keys and values, the description of the batch, and what comes back.
 */
final class StepBuffers implements AutoCloseable {
  private static final int ROWS = StepLayout.ROWS_MAX;

  /** Room for page tables at first; it doubles when a step needs more. */
  private static final int PAGE_ENTRIES = 4096;

  private static final int ARRIVALS_BYTES = 2 * Integer.BYTES;

  private final Driver driver;
  private final DevicePlan plan;
  private final KvShape shape;
  private final DeviceArena fixed;
  private final Activations activations;
  private final long choices;
  private final long arrivals;
  private final long cache;
  private final MemorySegment hostChoices;
  private DeviceArena changing;
  private MemorySegment host = MemorySegment.NULL;
  private MemorySegment hostLogits = MemorySegment.NULL;
  private long step;
  private long logits;
  private long difference;
  private int vocabulary;
  private int pageEntries;

  private StepBuffers(CudaModel model, KvShape shape, DeviceArena fixed) {
    this.driver = model.device().driver();
    this.plan = model.plan();
    this.shape = shape;
    this.fixed = fixed;
    this.activations = Activations.allocate(fixed, plan, shape, ROWS);
    this.choices = fixed.allocate((long) ROWS * Integer.BYTES);
    this.arrivals = fixed.allocate(ARRIVALS_BYTES);
    this.cache = fixed.allocate(cacheBytes(shape));
    this.hostChoices = driver.allocatePinned((long) ROWS * Integer.BYTES);
    this.changing = new DeviceArena(driver, "logits");
  }

  static StepBuffers allocate(CudaModel model, KvShape shape) {
    DeviceArena fixed =
        new DeviceArena(
            model.device().driver(), "keys and values of %d pages".formatted(shape.pages()));
    try {
      StepBuffers buffers = new StepBuffers(model, shape, fixed);
      buffers.makeRoom(model.vocabulary(), PAGE_ENTRIES);
      model.device().uploader().zero(buffers.cache, cacheBytes(shape));
      model.device().uploader().zero(buffers.arrivals, ARRIVALS_BYTES);
      model.device().uploader().finish();
      return buffers;
    } catch (RuntimeException | Error e) {
      fixed.close();
      throw e;
    }
  }

  /** Keys and values are held in bf16. */
  static long cacheBytes(KvShape shape) {
    return shape.pages() * (shape.pageBytes().count() / 2);
  }

  /**
   * Makes room for logits of a vocabulary and for page tables.
   *
   * @return true when memory has moved, so that graphs that know it are void
   */
  boolean makeRoom(int newVocabulary, int newPageEntries) {
    if (newVocabulary <= vocabulary && newPageEntries <= pageEntries) {
      return false;
    }
    releaseChanging();
    vocabulary = Math.max(vocabulary, newVocabulary);
    while (pageEntries < newPageEntries) {
      pageEntries = Math.max(PAGE_ENTRIES, 2 * pageEntries);
    }
    changing = new DeviceArena(driver, "logits");
    long logitBytes = (long) ROWS * vocabulary * Float.BYTES;
    long stepBytes = StepLayout.bytes(ROWS) + (long) pageEntries * Integer.BYTES;
    logits = changing.allocate(logitBytes);
    int widest =
        plan.projections().stream().mapToInt(Projection::outputs).reduce(vocabulary, Math::max);
    difference = changing.allocate((long) ROWS * widest * Float.BYTES);
    step = changing.allocate(stepBytes);
    host = driver.allocatePinned(stepBytes);
    hostLogits = driver.allocatePinned(logitBytes);
    return true;
  }

  private void releaseChanging() {
    changing.close();
    if (host.byteSize() > 0) {
      driver.freePinned(host);
      driver.freePinned(hostLogits);
      host = MemorySegment.NULL;
      hostLogits = MemorySegment.NULL;
    }
  }

  Activations activations() {
    return activations;
  }

  /** f32 [32, vocabulary]. */
  long logits() {
    return logits;
  }

  /** f32 [32, outputs of the widest projection]: what tenants' differences add to one of them. */
  long difference() {
    return difference;
  }

  /** Two counts of blocks, zero between launches. */
  long arrivals() {
    return arrivals;
  }

  /** Zeroes the counts, which launches that failed may have left in any state. */
  void clearArrivals(long stream) {
    driver.fill(arrivals, (byte) 0, ARRIVALS_BYTES, stream);
  }

  KvShape shape() {
    return shape;
  }

  /** int [32]. */
  long choices() {
    return choices;
  }

  /** bf16 [pages, layers, 2, kvHeads, pageTokens, size]. */
  long cache() {
    return cache;
  }

  /** The batch's description; the page tables follow it. */
  long step() {
    return step;
  }

  /** The batch's page tables. */
  long tables() {
    return step + StepLayout.bytes(ROWS);
  }

  /** Pinned; is copied to {@link #step}. */
  MemorySegment host() {
    return host;
  }

  /** Pinned; the first {@link #choices} are copied to it. */
  MemorySegment hostChoices(int rows) {
    return hostChoices.asSlice(0, (long) rows * Integer.BYTES);
  }

  /** Pinned; the first rows of {@link #logits} are copied to it. */
  MemorySegment hostLogits(int rows) {
    return hostLogits.asSlice(0, (long) rows * vocabulary * Float.BYTES);
  }

  /** Columns of the logits. */
  int vocabulary() {
    return vocabulary;
  }

  @Override
  public void close() {
    releaseChanging();
    driver.freePinned(hostChoices);
    fixed.close();
  }
}

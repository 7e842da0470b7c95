package tributary.gpu.cuda;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.driver.Driver;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Runs stretches of prompts, of all tenants together, in launches of many rows: weights are read
 * once for thousands of rows instead of once for 32. Nothing is recorded, since the launches take
 * far longer than the host takes to ask for them.
 *
 * <p>Which way rows go depends on their own stretch alone, so that their bits do not depend on who
 * shares the step; on how a prompt is cut into stretches they do depend.
 */
final class PromptSteps implements AutoCloseable {
  /** Rows of one series of launches: more would not make weights any cheaper, but need memory. */
  static final int ROWS_MAX = 2048;

  /**
   * A shorter stretch goes through decode's launches, 32 rows each: four of these take about as
   * long as a tile of 128 rows.
   */
  static final int STRETCH_MIN = 128;

  private static final Logger LOG = LoggerFactory.getLogger(PromptSteps.class);

  private final CudaModel model;
  private final StepBuffers decode;
  private final Launcher launcher;
  private @Nullable PromptBuffers buffers;
  private boolean noMemory;

  PromptSteps(CudaModel model, StepBuffers decode, long stream) {
    this.model = model;
    this.decode = decode;
    this.launcher = new Launcher(model.device().driver(), model.device().kernels(), stream);
  }

  /** True for rows that run here rather than in decode's launches. */
  boolean takes(SequenceRows sequence) {
    return sequence.rows() >= STRETCH_MIN && PromptLinear.serves(model) && hasMemory();
  }

  /** Takes memory when it is first needed; without it prompts are slow, but run. */
  private boolean hasMemory() {
    if (buffers == null && !noMemory) {
      try {
        buffers =
            model.device().using(() -> PromptBuffers.allocate(model, decode.shape(), ROWS_MAX));
      } catch (TributaryException e) {
        if (e.code() != ErrorCode.DEVICE_MEMORY) {
          throw e;
        }
        noMemory = true;
        LOG.warn("prompts run {} rows at a time: {}", StepLayout.ROWS_MAX, e.getMessage());
      }
    }
    return buffers != null;
  }

  /** Starts all but the head. */
  void layers(StepPart part) {
    PromptBuffers own = buffers();
    PromptBuffers.Description description = own.describe(part, launcher.stream());
    RowKernels rowKernels = new RowKernels(launcher, description.step(), part.rows());
    AttentionKernels attention =
        new AttentionKernels(
            launcher,
            new AttentionKernels.Cache(
                description.step(), description.tables(), decode.cache(), decode.shape()),
            description.queries(),
            model.plan().attended() / decode.shape().headSize(),
            part.rows(),
            false);
    PromptLinear linear =
        new PromptLinear(model, launcher, description.step(), description.rows(), own.scratch());
    new StepLaunches(model, own.activations(), rowKernels, attention, linear)
        .layers(model.biased() || part.biased());
  }

  /**
   * Starts the head of some rows of the part whose layers ran last; their description is where
   * decode's launches find it.
   */
  void head(StepPart part, StepPart wanted) {
    Driver driver = launcher.driver();
    long bytes = (long) model.plan().hidden() * Short.BYTES;
    int[] rows = part.stepRows();
    int[] ofWanted = wanted.stepRows();
    int from = 0;
    for (int to = 0; to < ofWanted.length; to++) {
      while (rows[from] != ofWanted[to]) {
        from++;
      }
      driver.copyOnDevice(
          decode.activations().normed() + to * bytes,
          buffers().activations().normed() + from * bytes,
          bytes,
          launcher.stream());
    }
    DecodeLinear linear =
        new DecodeLinear(
            model, decode, launcher, wanted.rows(), FusedLinear.Kinds.NONE, wanted.inHead());
    linear.head(new RowKernels(launcher, decode.step(), wanted.rows()), wanted.draws());
  }

  private PromptBuffers buffers() {
    if (buffers == null) {
      throw new IllegalStateException("rows that were not taken");
    }
    return buffers;
  }

  @Override
  public void close() {
    if (buffers != null) {
      buffers.close();
    }
  }
}

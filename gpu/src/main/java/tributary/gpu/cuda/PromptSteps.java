package tributary.gpu.cuda;

import org.jspecify.annotations.Nullable;
import tributary.gpu.SequenceRows;
import tributary.gpu.cuda.driver.Driver;

/**
 * Runs stretches of prompts, of all tenants together, in launches of many rows: weights are read
 * once for thousands of rows instead of once for 32. Nothing is recorded, since the launches take
 * far longer than the host takes to ask for them.
 */
final class PromptSteps implements AutoCloseable {
  /** Rows of one series of launches: more would not make weights any cheaper, but need memory. */
  static final int ROWS_MAX = 2048;

  /** A shorter stretch shares the weights of decode's launches, which hold 32 rows. */
  static final int STRETCH_MIN = 17;

  private final CudaModel model;
  private final StepBuffers decode;
  private final Launcher launcher;
  private @Nullable PromptBuffers buffers;

  PromptSteps(CudaModel model, StepBuffers decode, long stream) {
    this.model = model;
    this.decode = decode;
    this.launcher = new Launcher(model.device().driver(), model.device().kernels(), stream);
  }

  /** True for rows that run here rather than in decode's launches. */
  boolean takes(SequenceRows sequence) {
    return sequence.rows() >= STRETCH_MIN && Boolean.getBoolean("x");
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
            description.tiles(),
            model.plan().attended() / decode.shape().headSize(),
            part.rows());
    PromptLinear linear = new PromptLinear(model, launcher, part, description.step());
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
        new DecodeLinear(model, decode, launcher, wanted.rows(), wanted.hasTenants());
    linear.head(new RowKernels(launcher, decode.step(), wanted.rows()), wanted.draws());
  }

  private PromptBuffers buffers() {
    if (buffers == null) {
      buffers = PromptBuffers.allocate(model, decode.shape(), ROWS_MAX);
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

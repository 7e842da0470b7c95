package tributary.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.Backend;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Elementwise;
import tributary.gpu.Gather;
import tributary.gpu.Gemm;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.LayerNorm;
import tributary.gpu.Linear;
import tributary.gpu.RmsNorm;
import tributary.gpu.Rope;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.cuda.driver.Drivers;
import tributary.gpu.program.BaseOperands;
import tributary.gpu.program.CompiledModel;
import tributary.gpu.program.StepCompiler;
import tributary.gpu.program.StepProgram;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * Whole steps on a CUDA device, in bf16 with fp32 sums. Products of matrices in host memory are
 * left to a backend of the host.
 */
public final class CudaBackend implements Backend {
  /** What came of looking for a device and for kernels. */
  public sealed interface Opening {
    /** The caller closes the backend. */
    record Opened(CudaBackend backend) implements Opening {}

    /**
     * @param reason why CUDA is off, and what would cure it
     */
    record Off(String reason) implements Opening {}
  }

  private final CudaDevice device;
  private final Backend host;

  private CudaBackend(CudaDevice device, Backend host) {
    this.device = device;
    this.host = host;
  }

  /**
   * Opens the first device, if there is one and this build has kernels for it.
   *
   * @param host for what is computed in host memory; owned by the result, if one is opened
   */
  public static Opening open(Backend host) {
    Optional<String> missing = Kernels.missing();
    if (missing.isPresent()) {
      return new Opening.Off(missing.get());
    }
    return switch (Drivers.probe()) {
      case Drivers.Probe.Missing(var reason) -> new Opening.Off(reason);
      case Drivers.Probe.Found(var driver) ->
          new Opening.Opened(over(CudaDevice.open(driver), host));
    };
  }

  /** Takes over both. */
  static CudaBackend over(CudaDevice device, Backend host) {
    return new CudaBackend(device, host);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    var facts = device.driver().facts();
    return "cuda: %s, compute capability %d.%d, %d multiprocessors, %d MiB"
        .formatted(
            facts.name(),
            facts.capability() / 10,
            facts.capability() % 10,
            facts.multiprocessors(),
            facts.memory().count() >> 20);
  }

  @Override
  public Optional<StepCompiler> compiler() {
    return Optional.of(new Compiler());
  }

  private final class Compiler implements StepCompiler {
    @Override
    public CompiledModel compile(StepProgram program, BaseOperands base, KvShape page) {
      DevicePlan plan = Lowering.lower(program, base);
      requireHeads(plan, page);
      requireColumns(plan);
      return CudaModel.load(device, plan, base);
    }

    @Override
    public WeightMatrix randomMatrix(int rows, int columns, long seed) {
      return new CudaMatrix.Random(rows, columns, seed);
    }

    @Override
    public WeightVector ones(int length) {
      return CudaVector.ones(length);
    }

    @Override
    public DeltaMatrix randomSigns(int rows, int columns, int planes) {
      return new CudaDelta.Random(rows, columns, planes);
    }
  }

  private void requireColumns(DevicePlan plan) {
    for (Projection projection : plan.projections()) {
      DeviceFacts facts = device.driver().facts();
      if (FusedLinear.rowsMax(facts, projection.columns(), projection.outputs()) == 0) {
        throw new TributaryException(
            ErrorCode.MODEL_CONFIG,
            "cuda: matrices of %d rows and %d columns do not fit a multiprocessor's shared memory; choose the backend cpu"
                .formatted(projection.outputs(), projection.columns()));
      }
    }
  }

  private static void requireHeads(DevicePlan plan, KvShape page) {
    int size = page.headSize();
    for (DeviceOp op : plan.ops()) {
      if (op instanceof DeviceOp.Attend(var frequencies, _, _)
          && 2 * frequencies.inverseFrequencies().length != size) {
        throw new TributaryException(
            ErrorCode.MODEL_CONFIG,
            "cuda: %d of a head's %d values are rotated; there is a kernel for all of them only; choose the backend cpu"
                .formatted(2 * frequencies.inverseFrequencies().length, size));
      }
    }
    boolean fits =
        size % 2 == 0
            && size <= AttentionKernels.HEAD_SIZE_MAX
            && plan.attended() % (size * page.heads()) == 0
            && plan.hidden() <= RowKernels.NORM_COLUMNS_MAX;
    if (!fits) {
      throw new TributaryException(
          ErrorCode.MODEL_CONFIG,
          "cuda: hidden=%d, queries of %d values and %d key-value heads of %d: hidden must be at most %d, heads even in size and at most %d, queries whole groups of key-value heads; choose the backend cpu"
              .formatted(
                  plan.hidden(),
                  plan.attended(),
                  page.heads(),
                  size,
                  RowKernels.NORM_COLUMNS_MAX,
                  AttentionKernels.HEAD_SIZE_MAX));
    }
  }

  /** Measures what the device can do at most. */
  public DeviceBenchmark.Report measure() {
    return DeviceBenchmark.run(device);
  }

  @Override
  public Bytes pageBytes(KvShape shape) {
    return new Bytes(shape.pageBytes().count() / 2);
  }

  @Override
  public WeightMatrix matrix(TensorView matrix) {
    return new CudaMatrix.Stored(matrix);
  }

  @Override
  public WeightVector vector(TensorView vector) {
    return CudaVector.copyOf(vector);
  }

  @Override
  public DeltaMatrix delta(DeltaTensor delta) {
    return CudaDelta.of(delta);
  }

  @Override
  public Runnable pin(MemorySegment memory) {
    Runnable unpin = device.using(() -> device.pinned().pin(memory));
    return () ->
        device.using(() -> {
          unpin.run();
          return true;
        });
  }

  @Override
  public Gemm gemm() {
    return host.gemm();
  }

  @Override
  public Activations activations(int rows, int columns) {
    throw wholeSteps();
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    throw wholeSteps();
  }

  @Override
  public Gather gather() {
    throw wholeSteps();
  }

  @Override
  public Linear linear() {
    throw wholeSteps();
  }

  @Override
  public RmsNorm rmsNorm() {
    throw wholeSteps();
  }

  @Override
  public LayerNorm layerNorm() {
    throw wholeSteps();
  }

  @Override
  public Rope rope() {
    throw wholeSteps();
  }

  @Override
  public Attention attention() {
    throw wholeSteps();
  }

  @Override
  public Elementwise elementwise() {
    throw wholeSteps();
  }

  private static TributaryException wholeSteps() {
    return new TributaryException(
        ErrorCode.CONFIG,
        "the backend cuda computes whole steps; this needs kernels one by one: choose the backend cpu");
  }

  @Override
  public void close() {
    device.close();
    host.close();
  }
}

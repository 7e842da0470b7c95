package tributary.gpu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import tributary.gpu.program.StepCompiler;
import tributary.protocol.Bytes;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * A place where models are computed: it owns memory and carries out the kernel contracts. Kernels
 * are called from one thread at a time; memory may be made and closed from any thread.
 *
 * <p>Every kernel computes a row independently of which other rows are in the call, bit for bit: a
 * tenant's tokens never depend on who shares the batch. The same holds for steps that are compiled.
 */
public interface Backend extends AutoCloseable {
  /** Short name: {@code scalar}, {@code vector}, {@code cuda}. */
  String name();

  /** What it runs on and why it was chosen, for the log and {@code --version}-like output. */
  String description();

  /** Zeroed activations, row-major fp32. */
  Activations activations(int rows, int columns);

  /** A weight matrix [rows, columns] of F32, F16 or BF16. The view must outlive the result. */
  WeightMatrix matrix(TensorView matrix);

  /** A weight vector of F32, F16 or BF16, copied. */
  WeightVector vector(TensorView vector);

  /** One matrix's difference. The memory behind {@code delta} must outlive the result. */
  DeltaMatrix delta(DeltaTensor delta);

  /**
   * One matrix's difference, computed at a width or at its greatest where that is less. Of a
   * difference with planes those that the width needs must be in {@code delta}'s memory now, the
   * others when {@link DeltaMatrix#prepare} asks for them; all of them where {@link
   * #wantsPlanesAtOnce}.
   *
   * @param width at least 1
   */
  default DeltaMatrix delta(DeltaTensor delta, int width) {
    DeltaMatrix matrix = delta(delta);
    matrix.setWidth(width);
    return matrix;
  }

  /** Whether a difference's memory must hold all its planes when it is loaded at any width. */
  default boolean wantsPlanesAtOnce() {
    return true;
  }

  /**
   * Lets a device read differences directly from this native memory, which neither moves nor is
   * swapped out meanwhile. Takes about a tenth of a second for a gigabyte.
   *
   * @return lets go of it again, before the memory's end; more than once does no harm
   */
  default Runnable pin(MemorySegment memory) {
    return () -> {};
  }

  KvCache kvCache(KvShape shape);

  Gather gather();

  Linear linear();

  RmsNorm rmsNorm();

  LayerNorm layerNorm();

  Rope rope();

  Attention attention();

  Elementwise elementwise();

  /**
   * Linear layers for hundreds of rows at once, none of a tenant: faster there than {@link
   * #linear}, from which they may differ by rounding.
   */
  default Linear bulkLinear() {
    return linear();
  }

  /** Products of matrices in host memory. */
  Gemm gemm();

  /**
   * How whole steps are computed, where that is not kernel by kernel. A backend that compiles steps
   * has no kernels to call one by one: asking for activations, a cache or a kernel other than
   * {@link #gemm} is refused.
   */
  default Optional<StepCompiler> compiler() {
    return Optional.empty();
  }

  /** Keys and values of all layers for one page of a cache, as this backend holds them. */
  default Bytes pageBytes(KvShape shape) {
    return shape.pageBytes();
  }

  @Override
  void close();
}

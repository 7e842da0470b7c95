package tributary.gpu;

import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/**
 * A place where models are computed: it owns memory and carries out the kernel contracts. Kernels
 * are called from one thread at a time; memory may be made and closed from any thread.
 *
 * <p>Every kernel computes a row independently of which other rows are in the call, bit for bit: a
 * tenant's tokens never depend on who shares the batch.
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

  KvCache kvCache(KvShape shape);

  Gather gather();

  Linear linear();

  RmsNorm rmsNorm();

  Rope rope();

  Attention attention();

  Elementwise elementwise();

  /** Products of matrices in host memory. */
  Gemm gemm();

  @Override
  void close();
}

package tributary.gpu.scalar;

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
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.HostVector;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/** The backend that defines the others: plain Java on the calling thread. */
public final class ScalarBackend implements Backend {
  private final String reason;

  private ScalarBackend(String reason) {
    this.reason = reason;
  }

  /**
   * Makes the backend.
   *
   * @param reason why it was chosen
   */
  public static ScalarBackend create(String reason) {
    return new ScalarBackend(reason);
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String description() {
    return "scalar: plain Java, one thread; " + reason;
  }

  @Override
  public Activations activations(int rows, int columns) {
    return HostActivations.zeros(rows, columns);
  }

  @Override
  public WeightMatrix matrix(TensorView matrix) {
    return HostMatrix.of(matrix);
  }

  @Override
  public WeightVector vector(TensorView vector) {
    return HostVector.copyOf(vector);
  }

  @Override
  public DeltaMatrix delta(DeltaTensor delta) {
    return ScalarDelta.of(delta);
  }

  @Override
  public boolean wantsPlanesAtOnce() {
    return false;
  }

  @Override
  public KvCache kvCache(KvShape shape) {
    return HostKvCache.of(shape);
  }

  @Override
  public Gather gather() {
    return new ScalarGather();
  }

  @Override
  public Linear linear() {
    return new ScalarLinear();
  }

  @Override
  public RmsNorm rmsNorm() {
    return new ScalarRmsNorm();
  }

  @Override
  public LayerNorm layerNorm() {
    return new ScalarLayerNorm();
  }

  @Override
  public Rope rope() {
    return new ScalarRope();
  }

  @Override
  public Attention attention() {
    return new ScalarAttention();
  }

  @Override
  public Elementwise elementwise() {
    return new ScalarElementwise();
  }

  @Override
  public Gemm gemm() {
    return new ScalarGemm();
  }

  @Override
  public void close() {}
}

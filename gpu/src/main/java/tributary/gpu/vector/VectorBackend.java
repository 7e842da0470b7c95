package tributary.gpu.vector;

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
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.HostVector;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/** The backend on the Vector API; owns the threads that compute. */
public final class VectorBackend implements Backend {
  /** Fewer lanes than this, and plain Java is as fast. */
  private static final int LANES_LEAST = 4;

  private final WorkerTeam team;
  private final String reason;
  private final Linear linear;
  private final Gather gather;
  private final RmsNorm rmsNorm;
  private final LayerNorm layerNorm;
  private final Rope rope;
  private final Attention attention;
  private final Elementwise elementwise;
  private final VectorGemm gemm;
  private final Linear bulkLinear;

  private VectorBackend(WorkerTeam team, String reason) {
    this.team = team;
    this.reason = reason;
    var scratch = new Scratch[team.threads()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new Scratch();
    }
    this.linear = new VectorLinear(team, scratch);
    this.gather = new VectorGather(team, scratch);
    this.rmsNorm = new VectorRmsNorm(team);
    this.layerNorm = new VectorLayerNorm(team);
    this.rope = new VectorRope(team);
    this.attention = new VectorAttention(team, scratch);
    this.elementwise = new VectorElementwise(team);
    this.gemm = new VectorGemm(team);
    this.bulkLinear = new VectorBulkLinear(gemm);
  }

  /** Why this backend cannot be used here, if it cannot. */
  public static Optional<String> refusal() {
    return Lanes.COUNT >= LANES_LEAST
        ? Optional.empty()
        : Optional.of(
            "vectors here have %d lanes, wanted at least %d; a JVM with its optimizing compiler on"
                    .formatted(Lanes.COUNT, LANES_LEAST)
                + " and a processor with 128-bit vectors has more");
  }

  /**
   * Opens the backend; the caller closes it.
   *
   * @param threads that compute, the caller's included
   * @param reason why it was chosen
   */
  public static VectorBackend create(int threads, String reason) {
    return new VectorBackend(WorkerTeam.start(threads), reason);
  }

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String description() {
    return "vector: %d lanes of fp32, %d threads; %s"
        .formatted(Lanes.COUNT, team.threads(), reason);
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
    return VectorDelta.of(delta, Integer.MAX_VALUE);
  }

  @Override
  public DeltaMatrix delta(DeltaTensor delta, int width) {
    return VectorDelta.of(delta, width);
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
    return gather;
  }

  @Override
  public Linear linear() {
    return linear;
  }

  @Override
  public RmsNorm rmsNorm() {
    return rmsNorm;
  }

  @Override
  public LayerNorm layerNorm() {
    return layerNorm;
  }

  @Override
  public Rope rope() {
    return rope;
  }

  @Override
  public Attention attention() {
    return attention;
  }

  @Override
  public Elementwise elementwise() {
    return elementwise;
  }

  @Override
  public Linear bulkLinear() {
    return bulkLinear;
  }

  @Override
  public Gemm gemm() {
    return gemm;
  }

  @Override
  public void close() {
    team.close();
  }
}

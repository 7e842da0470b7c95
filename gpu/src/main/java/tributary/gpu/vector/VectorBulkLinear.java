package tributary.gpu.vector;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Linear;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;

/**
 * The linear layer as one dense product, for many rows of one model.
 *
 * <p>Cost: that of {@link VectorGemm}, which packs weights for each 2,048 rows and then runs nearly
 * twice as fast as tiles that read weights where they lie.
 */
final class VectorBulkLinear implements Linear {
  private final VectorGemm gemm;

  VectorBulkLinear(VectorGemm gemm) {
    this.gemm = gemm;
  }

  @Override
  public void apply(
      Activations out, Activations x, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    OperandChecks.linear(out, x, weight, deltas);
    if (!deltas.isEmpty() || out.columns() != weight.rows()) {
      throw new IllegalArgumentException(
          "bulk linear: %d runs of deltas and %d outputs of %d weight rows; wanted no deltas and as"
                  .formatted(deltas.size(), out.columns(), weight.rows())
              + " many outputs as rows");
    }
    gemm.multiplyTransposed(
        HostActivations.of(out).values(),
        HostActivations.of(x).values(),
        HostMatrix.of(weight),
        out.rows());
  }
}

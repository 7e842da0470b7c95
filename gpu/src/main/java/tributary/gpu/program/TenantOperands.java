package tributary.gpu.program;

import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.WeightVector;

/** One tenant's differences by slot, made by the backend that compiled the base. */
public interface TenantOperands {
  /** The difference to the matrix of this slot, or to the one it is tied to; null where none. */
  @Nullable DeltaMatrix matrix(int slot);

  /** The tenant's own vector; null where it has the base's. */
  @Nullable WeightVector vector(int slot);
}

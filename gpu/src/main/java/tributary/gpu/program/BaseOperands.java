package tributary.gpu.program;

import org.jspecify.annotations.Nullable;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;

/** The base's values by slot, made by the backend that is to compile them. */
public interface BaseOperands {
  /** The matrix of this slot, or the one that it is tied to. */
  WeightMatrix matrix(int slot);

  /** Null where only tenants can have it. */
  @Nullable WeightVector vector(int slot);
}

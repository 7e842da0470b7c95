package tributary.tensor.format;

import org.jspecify.annotations.Nullable;
import tributary.tensor.TensorView;

/**
 * How one tensor of a fine-tune differs from the base's tensor of the same name. A tensor without
 * an entry is the base's.
 */
public sealed interface DeltaTensor {
  /**
   * A matrix that is the base's matrix plus sign planes, and possibly further rows.
   *
   * @param added rows that the base does not have (new vocabulary), exact, of the same width
   */
  record Signed(SignPlanes planes, @Nullable TensorView added) implements DeltaTensor {}

  /** The fine-tune's own values, exact; they replace the base's, and may be new altogether. */
  record Replaced(TensorView value) implements DeltaTensor {}
}

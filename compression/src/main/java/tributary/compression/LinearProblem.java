package tributary.compression;

import org.jspecify.annotations.Nullable;
import tributary.compression.calibration.InputStatistics;

/**
 * One linear layer to be compressed: its weights in the base and in the fine-tune, [rows, columns]
 * = [outputs, inputs], row-major, and what is known of its inputs.
 *
 * @param name of the tensor
 * @param inputs null when there was no calibration
 */
@SuppressWarnings("ArrayRecordComponent") // One layer's weights; owned by one walk.
public record LinearProblem(
    String name,
    int rows,
    int columns,
    float[] base,
    float[] tuned,
    @Nullable InputStatistics inputs) {
  /** The difference, fine-tune minus base. */
  public float[] difference() {
    float[] difference = new float[base.length];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = tuned[i] - base[i];
    }
    return difference;
  }
}

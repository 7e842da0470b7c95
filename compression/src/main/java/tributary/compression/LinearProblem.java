package tributary.compression;

import org.jspecify.annotations.Nullable;
import tributary.compression.calibration.InputStatistics;
import tributary.tensor.format.DeltaTensor;

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

  /** Reads a row of the difference that a code of this layer makes. */
  public void readDifference(DeltaTensor.Coded coded, int row, float[] out) {
    coded.code().readRow(row, out);
    float more = coded.baseFactor(row) - 1;
    for (int column = 0; column < columns && more != 0; column++) {
      out[column] += more * base[row * columns + column];
    }
  }
}

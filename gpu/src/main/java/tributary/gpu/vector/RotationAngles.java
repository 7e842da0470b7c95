package tributary.gpu.vector;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Rope;
import tributary.gpu.SequenceRows;

/**
 * Cosines and sines of a batch's positions. All layers of a step ask for the same ones, so the last
 * answer is kept.
 */
final class RotationAngles {
  private Rope.@Nullable Frequencies frequencies;
  private int[] positions = new int[0];
  private float[] cosines = new float[0];
  private float[] sines = new float[0];

  /** Makes row t of the tables belong to batch row t's position; rows outside sequences are 0. */
  void prepare(Rope.Frequencies wanted, List<SequenceRows> rows, int batchRows) {
    int[] wantedPositions = new int[batchRows];
    for (SequenceRows sequence : rows) {
      for (int i = 0; i < sequence.rows(); i++) {
        wantedPositions[sequence.firstRow() + i] = sequence.firstPosition() + i;
      }
    }
    if (wanted.equals(frequencies) && Arrays.equals(wantedPositions, positions)) {
      return;
    }
    frequencies = wanted;
    positions = wantedPositions;
    int count = wanted.inverseFrequencies().length;
    if (cosines.length < batchRows * count) {
      cosines = new float[batchRows * count];
      sines = new float[batchRows * count];
    }
    for (int row = 0; row < batchRows; row++) {
      for (int i = 0; i < count; i++) {
        float angle = positions[row] * wanted.inverseFrequencies()[i];
        cosines[row * count + i] = (float) (Math.cos(angle) * wanted.scale());
        sines[row * count + i] = (float) (Math.sin(angle) * wanted.scale());
      }
    }
  }

  /** Per batch row, one for each frequency. */
  float[] cosines() {
    return cosines;
  }

  float[] sines() {
    return sines;
  }
}

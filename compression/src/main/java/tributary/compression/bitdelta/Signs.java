package tributary.compression.bitdelta;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.tensor.format.SignPlanes;

/**
 * The arithmetic of one sign plane. The sign of zero is plus, as in the published code (the paper
 * says minus); the closed-form scale is right for either.
 */
final class Signs {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Signs() {}

  static double sumOfMagnitudes(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += Math.abs(value);
    }
    return sum;
  }

  static double sumOfSquares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  /** Takes the plane {@code scale * sign(residual)} from the residual. */
  static void subtract(float[] residual, float scale) {
    for (int column = 0; column < residual.length; column++) {
      residual[column] -= residual[column] >= 0 ? scale : -scale;
    }
  }

  /** Writes the signs of one row as {@link SignPlanes} lays them out. */
  static void pack(float[] residual, MemorySegment signs, int row) {
    int words = SignPlanes.wordsPerRow(residual.length);
    for (int word = 0; word < words; word++) {
      int first = word * Long.SIZE;
      int count = Math.min(Long.SIZE, residual.length - first);
      long bits = 0;
      for (int t = 0; t < count; t++) {
        bits |= residual[first + t] >= 0 ? 1L << t : 0;
      }
      signs.setAtIndex(WORD, (long) row * words + word, bits);
    }
  }
}

package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost product: {@link #ROWS} rows of one matrix with {@link #COLUMNS} columns of another,
 * both in {@link GemmPanels}.
 *
 * <p>Eight independent sums hide the latency of a multiply-add. With two vectors of columns and the
 * broadcast values, of which the compiler holds several at once, they fit the sixteen registers of
 * 256-bit machines: one sum more and the compiler keeps one in memory, which costs half the speed.
 */
final class GemmTile {
  static final int ROWS = 4;
  static final int COLUMNS = 2 * Lanes.COUNT;

  /** Values of a tile's result. */
  static final int SIZE = ROWS * COLUMNS;

  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final int LANES = Lanes.COUNT;

  private GemmTile() {}

  /**
   * Sets {@code sums} [ROWS, COLUMNS] to the product of panel {@code a[a0..]} and panel {@code
   * b[b0..]}, {@code length} steps long.
   */
  static void multiply(float[] a, int a0, float[] b, int b0, int length, float[] sums) {
    FloatVector s00 = FloatVector.zero(FLOATS);
    FloatVector s01 = FloatVector.zero(FLOATS);
    FloatVector s10 = FloatVector.zero(FLOATS);
    FloatVector s11 = FloatVector.zero(FLOATS);
    FloatVector s20 = FloatVector.zero(FLOATS);
    FloatVector s21 = FloatVector.zero(FLOATS);
    FloatVector s30 = FloatVector.zero(FLOATS);
    FloatVector s31 = FloatVector.zero(FLOATS);
    for (int p = 0; p < length; p++) {
      FloatVector left = FloatVector.fromArray(FLOATS, b, b0 + p * COLUMNS);
      FloatVector right = FloatVector.fromArray(FLOATS, b, b0 + p * COLUMNS + LANES);
      FloatVector row0 = FloatVector.broadcast(FLOATS, a[a0 + p * ROWS]);
      s00 = row0.fma(left, s00);
      s01 = row0.fma(right, s01);
      FloatVector row1 = FloatVector.broadcast(FLOATS, a[a0 + p * ROWS + 1]);
      s10 = row1.fma(left, s10);
      s11 = row1.fma(right, s11);
      FloatVector row2 = FloatVector.broadcast(FLOATS, a[a0 + p * ROWS + 2]);
      s20 = row2.fma(left, s20);
      s21 = row2.fma(right, s21);
      FloatVector row3 = FloatVector.broadcast(FLOATS, a[a0 + p * ROWS + 3]);
      s30 = row3.fma(left, s30);
      s31 = row3.fma(right, s31);
    }
    s00.intoArray(sums, 0);
    s01.intoArray(sums, LANES);
    s10.intoArray(sums, COLUMNS);
    s11.intoArray(sums, COLUMNS + LANES);
    s20.intoArray(sums, 2 * COLUMNS);
    s21.intoArray(sums, 2 * COLUMNS + LANES);
    s30.intoArray(sums, 3 * COLUMNS);
    s31.intoArray(sums, 3 * COLUMNS + LANES);
  }
}

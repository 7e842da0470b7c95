package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * The order in which inputs, and weights that had to be widened, meet in a dot product.
 *
 * <pre>
 * block b of 2 L columns:   [2bL, 2bL+2, ... even columns]  [2bL+1, 2bL+3, ... odd columns]
 * </pre>
 *
 * <p>Two bf16 weights fill one 32-bit lane: shifting a vector of lanes up leaves the even columns'
 * floats, masking it the odd ones'. With inputs in this order the product needs no shuffle. The
 * last block is filled up with zeros.
 */
final class SplitOrder {
  /** Columns in a block: those of a vector full of bf16. */
  static final int BLOCK = 2 * Lanes.COUNT;

  private static final VectorShuffle<Float> EVEN =
      VectorShuffle.fromOp(Lanes.FLOATS, lane -> 2 * lane & (Lanes.COUNT - 1));
  private static final VectorShuffle<Float> ODD =
      VectorShuffle.fromOp(Lanes.FLOATS, lane -> (2 * lane + 1) & (Lanes.COUNT - 1));

  private SplitOrder() {}

  /** Length of a row of {@code columns} in this order. */
  static int length(int columns) {
    return Lanes.ceil(columns, BLOCK);
  }

  /** Writes {@code columns} values from {@code from[first..]} to {@code to[at..]} in this order. */
  static void copy(float[] from, int first, int columns, float[] to, int at) {
    int whole = columns & -BLOCK;
    var upper = Lanes.UPPER_HALF;
    for (int c = 0; c < whole; c += BLOCK) {
      FloatVector low = FloatVector.fromArray(Lanes.FLOATS, from, first + c);
      FloatVector high = FloatVector.fromArray(Lanes.FLOATS, from, first + c + Lanes.COUNT);
      low.rearrange(EVEN).blend(high.rearrange(EVEN), upper).intoArray(to, at + c);
      low.rearrange(ODD).blend(high.rearrange(ODD), upper).intoArray(to, at + c + Lanes.COUNT);
    }
    if (whole < columns) {
      copyLast(from, first + whole, columns - whole, to, at + whole);
    }
  }

  private static void copyLast(float[] from, int first, int columns, float[] to, int at) {
    for (int i = 0; i < Lanes.COUNT; i++) {
      to[at + i] = 2 * i < columns ? from[first + 2 * i] : 0;
      to[at + Lanes.COUNT + i] = 2 * i + 1 < columns ? from[first + 2 * i + 1] : 0;
    }
  }
}

package tributary.gpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;

/**
 * The exponential of every lane, to about two units in the last place: {@code e^x = 2^n e^r}, n the
 * whole number nearest to x / ln 2, e^r by a polynomial. Below -87 it is 0, above 88 it stays at
 * e^88.
 */
final class VectorExp {
  private static final float LEAST = -87;
  private static final float MOST = 88;
  private static final float LOG2_E = 1.442695f;

  /** Added to a number below 2^22, leaves its nearest whole number in the lowest bits. */
  private static final float ROUNDER = 0x1.8p23f;

  /** ln 2 in two parts; the first has few bits, so that its multiples are exact. */
  private static final float LN_2_HIGH = 0x1.62e4p-1f;

  private static final float LN_2_LOW = (float) (Math.log(2) - LN_2_HIGH);

  private VectorExp() {}

  static FloatVector exp(FloatVector x) {
    FloatVector bounded = x.max(LEAST).min(MOST);
    FloatVector shifted =
        bounded.fma(
            FloatVector.broadcast(Lanes.FLOATS, LOG2_E),
            FloatVector.broadcast(Lanes.FLOATS, ROUNDER));
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.FLOATS, -LN_2_HIGH), bounded);
    r = n.fma(FloatVector.broadcast(Lanes.FLOATS, -LN_2_LOW), r);
    FloatVector scale =
        shifted
            .reinterpretAsInts()
            .lanewise(LSHL, 23)
            .add(Float.floatToRawIntBits(1))
            .reinterpretAsFloats();
    return polynomial(r).mul(scale).blend(0, x.lt(LEAST));
  }

  /** The Taylor polynomial of degree 7; |r| is at most ln 2 / 2. */
  private static FloatVector polynomial(FloatVector r) {
    FloatVector sum = FloatVector.broadcast(Lanes.FLOATS, 1 / 5040f);
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1 / 720f));
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1 / 120f));
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1 / 24f));
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1 / 6f));
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1 / 2f));
    sum = sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1));
    return sum.fma(r, FloatVector.broadcast(Lanes.FLOATS, 1));
  }
}

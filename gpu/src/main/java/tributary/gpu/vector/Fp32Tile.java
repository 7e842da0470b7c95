package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The tiles of {@link Bf16Tile} for weights that were widened to fp32, in {@link SplitOrder}. Every
 * pair of rows is summed in the same order as there.
 */
final class Fp32Tile {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final int LANES = Lanes.COUNT;

  private Fp32Tile() {}

  /** As {@link Bf16Tile#fourByFour}, with weight rows {@code length} apart from {@code w0}. */
  static void fourByFour(float[] w, int w0, float[] x, int x0, int length, float[] sums) {
    FloatVector s00 = FloatVector.zero(FLOATS);
    FloatVector s01 = FloatVector.zero(FLOATS);
    FloatVector s02 = FloatVector.zero(FLOATS);
    FloatVector s03 = FloatVector.zero(FLOATS);
    FloatVector s10 = FloatVector.zero(FLOATS);
    FloatVector s11 = FloatVector.zero(FLOATS);
    FloatVector s12 = FloatVector.zero(FLOATS);
    FloatVector s13 = FloatVector.zero(FLOATS);
    FloatVector s20 = FloatVector.zero(FLOATS);
    FloatVector s21 = FloatVector.zero(FLOATS);
    FloatVector s22 = FloatVector.zero(FLOATS);
    FloatVector s23 = FloatVector.zero(FLOATS);
    FloatVector s30 = FloatVector.zero(FLOATS);
    FloatVector s31 = FloatVector.zero(FLOATS);
    FloatVector s32 = FloatVector.zero(FLOATS);
    FloatVector s33 = FloatVector.zero(FLOATS);
    for (int c = 0; c < length; c += LANES) {
      FloatVector in0 = FloatVector.fromArray(FLOATS, x, x0 + c);
      FloatVector in1 = FloatVector.fromArray(FLOATS, x, x0 + c + length);
      FloatVector in2 = FloatVector.fromArray(FLOATS, x, x0 + c + 2 * length);
      FloatVector in3 = FloatVector.fromArray(FLOATS, x, x0 + c + 3 * length);
      FloatVector row0 = FloatVector.fromArray(FLOATS, w, w0 + c);
      s00 = row0.fma(in0, s00);
      s10 = row0.fma(in1, s10);
      s20 = row0.fma(in2, s20);
      s30 = row0.fma(in3, s30);
      FloatVector row1 = FloatVector.fromArray(FLOATS, w, w0 + c + length);
      s01 = row1.fma(in0, s01);
      s11 = row1.fma(in1, s11);
      s21 = row1.fma(in2, s21);
      s31 = row1.fma(in3, s31);
      FloatVector row2 = FloatVector.fromArray(FLOATS, w, w0 + c + 2 * length);
      s02 = row2.fma(in0, s02);
      s12 = row2.fma(in1, s12);
      s22 = row2.fma(in2, s22);
      s32 = row2.fma(in3, s32);
      FloatVector row3 = FloatVector.fromArray(FLOATS, w, w0 + c + 3 * length);
      s03 = row3.fma(in0, s03);
      s13 = row3.fma(in1, s13);
      s23 = row3.fma(in2, s23);
      s33 = row3.fma(in3, s33);
    }
    s00.intoArray(sums, 0);
    s01.intoArray(sums, LANES);
    s02.intoArray(sums, 2 * LANES);
    s03.intoArray(sums, 3 * LANES);
    s10.intoArray(sums, 4 * LANES);
    s11.intoArray(sums, 5 * LANES);
    s12.intoArray(sums, 6 * LANES);
    s13.intoArray(sums, 7 * LANES);
    s20.intoArray(sums, 8 * LANES);
    s21.intoArray(sums, 9 * LANES);
    s22.intoArray(sums, 10 * LANES);
    s23.intoArray(sums, 11 * LANES);
    s30.intoArray(sums, 12 * LANES);
    s31.intoArray(sums, 13 * LANES);
    s32.intoArray(sums, 14 * LANES);
    s33.intoArray(sums, 15 * LANES);
  }

  /** As {@link Bf16Tile#eightByOne}. */
  static void eightByOne(float[] w, int w0, float[] x, int x0, int length, float[] sums, int at) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = FloatVector.zero(FLOATS);
    FloatVector s2 = FloatVector.zero(FLOATS);
    FloatVector s3 = FloatVector.zero(FLOATS);
    FloatVector s4 = FloatVector.zero(FLOATS);
    FloatVector s5 = FloatVector.zero(FLOATS);
    FloatVector s6 = FloatVector.zero(FLOATS);
    FloatVector s7 = FloatVector.zero(FLOATS);
    for (int c = 0; c < length; c += LANES) {
      FloatVector in = FloatVector.fromArray(FLOATS, x, x0 + c);
      int from = w0 + c;
      s0 = FloatVector.fromArray(FLOATS, w, from).fma(in, s0);
      s1 = FloatVector.fromArray(FLOATS, w, from + length).fma(in, s1);
      s2 = FloatVector.fromArray(FLOATS, w, from + 2 * length).fma(in, s2);
      s3 = FloatVector.fromArray(FLOATS, w, from + 3 * length).fma(in, s3);
      s4 = FloatVector.fromArray(FLOATS, w, from + 4 * length).fma(in, s4);
      s5 = FloatVector.fromArray(FLOATS, w, from + 5 * length).fma(in, s5);
      s6 = FloatVector.fromArray(FLOATS, w, from + 6 * length).fma(in, s6);
      s7 = FloatVector.fromArray(FLOATS, w, from + 7 * length).fma(in, s7);
    }
    s0.intoArray(sums, at);
    s1.intoArray(sums, at + LANES);
    s2.intoArray(sums, at + 2 * LANES);
    s3.intoArray(sums, at + 3 * LANES);
    s4.intoArray(sums, at + 4 * LANES);
    s5.intoArray(sums, at + 5 * LANES);
    s6.intoArray(sums, at + 6 * LANES);
    s7.intoArray(sums, at + 7 * LANES);
  }

  /** One weight row times one input row. */
  static float oneByOne(float[] w, int w0, float[] x, int x0, int length) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int c = 0; c < length; c += LANES) {
      FloatVector row = FloatVector.fromArray(FLOATS, w, w0 + c);
      sum = row.fma(FloatVector.fromArray(FLOATS, x, x0 + c), sum);
    }
    return Lanes.sum(sum);
  }
}

package tributary.gpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Register tiles of a product with bf16 weights: some weight rows times some input rows, one vector
 * of partial sums for each pair. Each pair's vector takes the blocks of {@link SplitOrder} in
 * order, even columns before odd ones, in every tile shape.
 *
 * <p>Cost: a weight costs 2 bytes read, once a tile, and half a shift and half a mask for 16 lanes;
 * a tile of w x t does 2wt multiply-adds for w + 2t loads.
 *
 * <p>The bodies are written out, without helper methods: the compiler stops inlining those in a
 * method of this size, and then every vector becomes an object.
 */
final class Bf16Tile {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final int LANES = Lanes.COUNT;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int ODD = 0xffff0000;

  private Bf16Tile() {}

  /**
   * Four weight rows, {@code rowBytes} apart from byte {@code w0}, times four input rows of {@code
   * length} values from {@code x0}. The sum of input row t and weight row n is vector {@code 4 t +
   * n} of {@code sums}.
   *
   * <p>Along the way it reads a word of every cache line of two further weight rows from byte
   * {@code ahead}, so that they come from memory while this tile is computed.
   *
   * @return what was read of those, to be kept: unused reads are left out by the compiler
   */
  static long fourByFour(
      MemorySegment w,
      long w0,
      long rowBytes,
      long ahead,
      float[] x,
      int x0,
      int length,
      float[] sums) {
    long w1 = w0 + rowBytes;
    long w2 = w1 + rowBytes;
    long w3 = w2 + rowBytes;
    int x1 = x0 + length;
    int x2 = x1 + length;
    int x3 = x2 + length;
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
    long touched = 0;
    for (int c = 0; c < length; c += 2 * LANES) {
      touched += w.get(WORD, ahead + 2L * c);
      touched += w.get(WORD, ahead + rowBytes + 2L * c);
      IntVector pair0 = IntVector.fromMemorySegment(INTS, w, w0 + 2L * c, ORDER);
      IntVector pair1 = IntVector.fromMemorySegment(INTS, w, w1 + 2L * c, ORDER);
      IntVector pair2 = IntVector.fromMemorySegment(INTS, w, w2 + 2L * c, ORDER);
      IntVector pair3 = IntVector.fromMemorySegment(INTS, w, w3 + 2L * c, ORDER);

      FloatVector x0Even = FloatVector.fromArray(FLOATS, x, x0 + c);
      FloatVector x1Even = FloatVector.fromArray(FLOATS, x, x1 + c);
      FloatVector x2Even = FloatVector.fromArray(FLOATS, x, x2 + c);
      FloatVector x3Even = FloatVector.fromArray(FLOATS, x, x3 + c);
      FloatVector even0 = pair0.lanewise(LSHL, 16).reinterpretAsFloats();
      s00 = even0.fma(x0Even, s00);
      s10 = even0.fma(x1Even, s10);
      s20 = even0.fma(x2Even, s20);
      s30 = even0.fma(x3Even, s30);
      FloatVector even1 = pair1.lanewise(LSHL, 16).reinterpretAsFloats();
      s01 = even1.fma(x0Even, s01);
      s11 = even1.fma(x1Even, s11);
      s21 = even1.fma(x2Even, s21);
      s31 = even1.fma(x3Even, s31);
      FloatVector even2 = pair2.lanewise(LSHL, 16).reinterpretAsFloats();
      s02 = even2.fma(x0Even, s02);
      s12 = even2.fma(x1Even, s12);
      s22 = even2.fma(x2Even, s22);
      s32 = even2.fma(x3Even, s32);
      FloatVector even3 = pair3.lanewise(LSHL, 16).reinterpretAsFloats();
      s03 = even3.fma(x0Even, s03);
      s13 = even3.fma(x1Even, s13);
      s23 = even3.fma(x2Even, s23);
      s33 = even3.fma(x3Even, s33);

      FloatVector x0Odd = FloatVector.fromArray(FLOATS, x, x0 + LANES + c);
      FloatVector x1Odd = FloatVector.fromArray(FLOATS, x, x1 + LANES + c);
      FloatVector x2Odd = FloatVector.fromArray(FLOATS, x, x2 + LANES + c);
      FloatVector x3Odd = FloatVector.fromArray(FLOATS, x, x3 + LANES + c);
      FloatVector odd0 = pair0.and(ODD).reinterpretAsFloats();
      s00 = odd0.fma(x0Odd, s00);
      s10 = odd0.fma(x1Odd, s10);
      s20 = odd0.fma(x2Odd, s20);
      s30 = odd0.fma(x3Odd, s30);
      FloatVector odd1 = pair1.and(ODD).reinterpretAsFloats();
      s01 = odd1.fma(x0Odd, s01);
      s11 = odd1.fma(x1Odd, s11);
      s21 = odd1.fma(x2Odd, s21);
      s31 = odd1.fma(x3Odd, s31);
      FloatVector odd2 = pair2.and(ODD).reinterpretAsFloats();
      s02 = odd2.fma(x0Odd, s02);
      s12 = odd2.fma(x1Odd, s12);
      s22 = odd2.fma(x2Odd, s22);
      s32 = odd2.fma(x3Odd, s32);
      FloatVector odd3 = pair3.and(ODD).reinterpretAsFloats();
      s03 = odd3.fma(x0Odd, s03);
      s13 = odd3.fma(x1Odd, s13);
      s23 = odd3.fma(x2Odd, s23);
      s33 = odd3.fma(x3Odd, s33);
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
    return touched;
  }

  /** Eight weight rows times one input row; weight row n is vector n of {@code sums[at..]}. */
  static void eightByOne(
      MemorySegment w,
      long w0,
      long rowBytes,
      float[] x,
      int x0,
      int length,
      float[] sums,
      int at) {
    long w1 = w0 + rowBytes;
    long w2 = w1 + rowBytes;
    long w3 = w2 + rowBytes;
    long w4 = w3 + rowBytes;
    long w5 = w4 + rowBytes;
    long w6 = w5 + rowBytes;
    long w7 = w6 + rowBytes;
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = FloatVector.zero(FLOATS);
    FloatVector s2 = FloatVector.zero(FLOATS);
    FloatVector s3 = FloatVector.zero(FLOATS);
    FloatVector s4 = FloatVector.zero(FLOATS);
    FloatVector s5 = FloatVector.zero(FLOATS);
    FloatVector s6 = FloatVector.zero(FLOATS);
    FloatVector s7 = FloatVector.zero(FLOATS);
    for (int c = 0; c < length; c += 2 * LANES) {
      FloatVector even = FloatVector.fromArray(FLOATS, x, x0 + c);
      FloatVector odd = FloatVector.fromArray(FLOATS, x, x0 + LANES + c);
      IntVector pair0 = IntVector.fromMemorySegment(INTS, w, w0 + 2L * c, ORDER);
      s0 = pair0.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s0);
      s0 = pair0.and(ODD).reinterpretAsFloats().fma(odd, s0);
      IntVector pair1 = IntVector.fromMemorySegment(INTS, w, w1 + 2L * c, ORDER);
      s1 = pair1.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s1);
      s1 = pair1.and(ODD).reinterpretAsFloats().fma(odd, s1);
      IntVector pair2 = IntVector.fromMemorySegment(INTS, w, w2 + 2L * c, ORDER);
      s2 = pair2.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s2);
      s2 = pair2.and(ODD).reinterpretAsFloats().fma(odd, s2);
      IntVector pair3 = IntVector.fromMemorySegment(INTS, w, w3 + 2L * c, ORDER);
      s3 = pair3.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s3);
      s3 = pair3.and(ODD).reinterpretAsFloats().fma(odd, s3);
      IntVector pair4 = IntVector.fromMemorySegment(INTS, w, w4 + 2L * c, ORDER);
      s4 = pair4.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s4);
      s4 = pair4.and(ODD).reinterpretAsFloats().fma(odd, s4);
      IntVector pair5 = IntVector.fromMemorySegment(INTS, w, w5 + 2L * c, ORDER);
      s5 = pair5.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s5);
      s5 = pair5.and(ODD).reinterpretAsFloats().fma(odd, s5);
      IntVector pair6 = IntVector.fromMemorySegment(INTS, w, w6 + 2L * c, ORDER);
      s6 = pair6.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s6);
      s6 = pair6.and(ODD).reinterpretAsFloats().fma(odd, s6);
      IntVector pair7 = IntVector.fromMemorySegment(INTS, w, w7 + 2L * c, ORDER);
      s7 = pair7.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, s7);
      s7 = pair7.and(ODD).reinterpretAsFloats().fma(odd, s7);
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
  static float oneByOne(MemorySegment w, long w0, float[] x, int x0, int length) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int c = 0; c < length; c += 2 * LANES) {
      IntVector pair = IntVector.fromMemorySegment(INTS, w, w0 + 2L * c, ORDER);
      FloatVector even = FloatVector.fromArray(FLOATS, x, x0 + c);
      FloatVector odd = FloatVector.fromArray(FLOATS, x, x0 + LANES + c);
      sum = pair.lanewise(LSHL, 16).reinterpretAsFloats().fma(even, sum);
      sum = pair.and(ODD).reinterpretAsFloats().fma(odd, sum);
    }
    return Lanes.sum(sum);
  }
}

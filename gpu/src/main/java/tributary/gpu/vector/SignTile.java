package tributary.gpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of sign planes and one input row, by table: the bits of a group of columns are the
 * number of a lane of the group's {@link SignTable}.
 *
 * <p>Cost: an output, plane and column costs a bit read; a vector of outputs and a group of columns
 * cost one permutation, one addition and one shift, and a quarter of a load. A sign-by-sign sum
 * would need {@link PackedSigns#GROUP} masked additions and as many masks.
 *
 * <p>An output's sum takes the groups in order, then the planes in order, in every tile.
 */
final class SignTile {
  private static final VectorSpecies<Float> FLOATS = Lanes.FLOATS;
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final int LANES = Lanes.COUNT;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final long VECTOR_BYTES = (long) LANES * Integer.BYTES;
  private static final int GROUP = PackedSigns.GROUP;
  private static final int GROUPS = PackedSigns.GROUPS_PER_WORD;

  private SignTile() {}

  /**
   * Adds to {@code out[outRow + n]} the difference's product, for outputs n of [first, end).
   *
   * @param first a multiple of the lanes
   * @param table where the input row's table begins in {@code tables}
   */
  static void addTo(
      float[] out,
      int outRow,
      PackedSigns signs,
      int first,
      int end,
      float[] tables,
      int table,
      float[] vectors) {
    int width = signs.width();
    int pair = first / LANES * width;
    int pairEnd = Math.ceilDiv(end, LANES) * width;
    for (; pair + 4 <= pairEnd; pair += 4) {
      four(
          signs.signs(),
          start(signs, pair),
          start(signs, pair + 1),
          start(signs, pair + 2),
          start(signs, pair + 3),
          signs.words(),
          tables,
          table,
          vectors);
      addScaled(out, outRow, signs, pair, 4, vectors);
    }
    for (; pair < pairEnd; pair++) {
      one(signs.signs(), start(signs, pair), signs.words(), tables, table, vectors);
      addScaled(out, outRow, signs, pair, 1, vectors);
    }
  }

  /** The strip of a pair of a tile and a plane; pairs count only the planes that are in use. */
  private static int strip(PackedSigns signs, int pair) {
    return signs.stripOf(pair / signs.width(), pair % signs.width());
  }

  private static long start(PackedSigns signs, int pair) {
    return strip(signs, pair) * signs.stripBytes();
  }

  private static void addScaled(
      float[] out, int outRow, PackedSigns signs, int firstPair, int pairs, float[] vectors) {
    for (int i = 0; i < pairs; i++) {
      int n = (firstPair + i) / signs.width() * LANES;
      int scales = strip(signs, firstPair + i) * LANES;
      FloatVector scale = FloatVector.fromArray(FLOATS, signs.scales(), scales);
      FloatVector sum = FloatVector.fromArray(FLOATS, vectors, i * LANES);
      if (n + LANES <= signs.rows()) {
        sum.fma(scale, FloatVector.fromArray(FLOATS, out, outRow + n)).intoArray(out, outRow + n);
      } else {
        VectorMask<Float> present = Lanes.first(signs.rows() - n);
        sum.fma(scale, FloatVector.fromArray(FLOATS, out, outRow + n, present))
            .intoArray(out, outRow + n, present);
      }
    }
  }

  /** Four strips, where they begin: strip i's sums are vector i. No helpers: see Bf16Tile. */
  private static void four(
      MemorySegment signs,
      long at0,
      long at1,
      long at2,
      long at3,
      int words,
      float[] t,
      int table,
      float[] vectors) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = FloatVector.zero(FLOATS);
    FloatVector s2 = FloatVector.zero(FLOATS);
    FloatVector s3 = FloatVector.zero(FLOATS);
    for (int word = 0; word < words; word++) {
      long from = (long) word * VECTOR_BYTES;
      IntVector b0 = IntVector.fromMemorySegment(INTS, signs, at0 + from, ORDER);
      IntVector b1 = IntVector.fromMemorySegment(INTS, signs, at1 + from, ORDER);
      IntVector b2 = IntVector.fromMemorySegment(INTS, signs, at2 + from, ORDER);
      IntVector b3 = IntVector.fromMemorySegment(INTS, signs, at3 + from, ORDER);
      int sums = table + word * (GROUPS * LANES);
      for (int group = 0; group < GROUPS; group++) {
        IntVector choice =
            FloatVector.fromArray(FLOATS, t, sums + group * LANES).reinterpretAsInts();
        s0 = s0.add(b0.selectFrom(choice).reinterpretAsFloats());
        s1 = s1.add(b1.selectFrom(choice).reinterpretAsFloats());
        s2 = s2.add(b2.selectFrom(choice).reinterpretAsFloats());
        s3 = s3.add(b3.selectFrom(choice).reinterpretAsFloats());
        b0 = b0.lanewise(LSHR, GROUP);
        b1 = b1.lanewise(LSHR, GROUP);
        b2 = b2.lanewise(LSHR, GROUP);
        b3 = b3.lanewise(LSHR, GROUP);
      }
    }
    s0.intoArray(vectors, 0);
    s1.intoArray(vectors, LANES);
    s2.intoArray(vectors, 2 * LANES);
    s3.intoArray(vectors, 3 * LANES);
  }

  private static void one(
      MemorySegment signs, long at, int words, float[] t, int table, float[] vectors) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int word = 0; word < words; word++) {
      long from = at + (long) word * VECTOR_BYTES;
      IntVector bits = IntVector.fromMemorySegment(INTS, signs, from, ORDER);
      int sums = table + word * (GROUPS * LANES);
      for (int group = 0; group < GROUPS; group++) {
        IntVector choice =
            FloatVector.fromArray(FLOATS, t, sums + group * LANES).reinterpretAsInts();
        sum = sum.add(bits.selectFrom(choice).reinterpretAsFloats());
        bits = bits.lanewise(LSHR, GROUP);
      }
    }
    sum.intoArray(vectors, 0);
  }
}

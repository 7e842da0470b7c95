package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of every kernel: the machine's widest up to 512 bits, or what the system
 * property {@value #PROPERTY} says (128, 256 or 512). Fixed when the class is loaded, because the
 * compiler keeps vectors in registers only where their species is a constant.
 *
 * <p>Also the sums across lanes, in one written-out order: the Vector API's own reductions leave
 * theirs open, and compiled code does differ from interpreted code.
 */
final class Lanes {
  static final String PROPERTY = "tributary.vector.bits";

  static final VectorSpecies<Float> FLOATS = chosen();
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** Values in a vector: 4, 8 or 16. */
  static final int COUNT = FLOATS.length();

  /** The lanes from {@code COUNT / 2} on. */
  static final VectorMask<Float> UPPER_HALF = lanesWith(COUNT / 2);

  /** Lanes whose number has the bit 8, 4, 2 or 1. */
  private static final VectorMask<Float> UPPER_8 = lanesWith(8);

  private static final VectorMask<Float> UPPER_4 = lanesWith(4);
  private static final VectorMask<Float> UPPER_2 = lanesWith(2);
  private static final VectorMask<Float> UPPER_1 = lanesWith(1);

  /** Exchanges the lanes that differ in the bit 8, 4, 2 or 1. */
  private static final VectorShuffle<Float> SWAP_8 = exchangeOf(8);

  private static final VectorShuffle<Float> SWAP_4 = exchangeOf(4);
  private static final VectorShuffle<Float> SWAP_2 = exchangeOf(2);
  private static final VectorShuffle<Float> SWAP_1 = exchangeOf(1);

  private Lanes() {}

  private static VectorSpecies<Float> chosen() {
    Integer bits = Integer.getInteger(PROPERTY);
    if (bits != null) {
      return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
    return FloatVector.SPECIES_PREFERRED.length() > FloatVector.SPECIES_512.length()
        ? FloatVector.SPECIES_512
        : FloatVector.SPECIES_PREFERRED;
  }

  private static VectorMask<Float> lanesWith(int bit) {
    boolean[] lanes = new boolean[COUNT];
    for (int i = 0; i < COUNT; i++) {
      lanes[i] = (i & bit) != 0;
    }
    return VectorMask.fromArray(FLOATS, lanes, 0);
  }

  private static VectorShuffle<Float> exchangeOf(int bit) {
    return VectorShuffle.fromOp(FLOATS, lane -> (lane ^ bit) & (COUNT - 1));
  }

  /** {@code count} rounded up to a multiple of {@code unit}, a power of two. */
  static int ceil(int count, int unit) {
    return Math.addExact(count, unit - 1) & -unit;
  }

  /** The first {@code count} lanes; all when there are no more. */
  static VectorMask<Float> first(int count) {
    return FLOATS.indexInRange(0, count);
  }

  /** The sum of one vector's lanes: those half a vector apart first, neighbours last. */
  static float sum(FloatVector vector) {
    FloatVector sum = vector;
    if (COUNT > 8) {
      sum = sum.add(sum.rearrange(SWAP_8));
    }
    if (COUNT > 4) {
      sum = sum.add(sum.rearrange(SWAP_4));
    }
    sum = sum.add(sum.rearrange(SWAP_2));
    return sum.add(sum.rearrange(SWAP_1)).lane(0);
  }

  /**
   * The sums of 16 vectors' lanes, each in the order of {@link #sum}. Vector i lies at {@code i *
   * COUNT} of {@code vectors}, which is spent; its sum is left in {@code sums[i]}.
   */
  static void sums(float[] vectors, float[] sums) {
    for (int first = 0; first < 16; first += COUNT) {
      int base = first * COUNT;
      if (COUNT > 8) {
        halve(vectors, base, 8, UPPER_8, SWAP_8);
      }
      if (COUNT > 4) {
        halve(vectors, base, 4, UPPER_4, SWAP_4);
      }
      halve(vectors, base, 2, UPPER_2, SWAP_2);
      halve(vectors, base, 1, UPPER_1, SWAP_1);
      FloatVector.fromArray(FLOATS, vectors, base).intoArray(sums, first);
    }
  }

  /**
   * Folds each two vectors {@code a}, {@code b} that lie {@code half} vectors apart into one: lane
   * i gets {@code a[i] + a[i ^ half]} where i lacks the bit {@code half}, else the same of b. After
   * the last halving lane i is the whole sum of vector i.
   */
  private static void halve(
      float[] vectors, int base, int half, VectorMask<Float> upper, VectorShuffle<Float> swap) {
    for (int at = base; at < base + half * COUNT; at += COUNT) {
      FloatVector a = FloatVector.fromArray(FLOATS, vectors, at);
      FloatVector b = FloatVector.fromArray(FLOATS, vectors, at + half * COUNT);
      a.blend(b, upper).add(b.blend(a, upper).rearrange(swap)).intoArray(vectors, at);
    }
  }
}

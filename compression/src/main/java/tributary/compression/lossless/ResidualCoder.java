package tributary.compression.lossless;

import java.lang.foreign.MemorySegment;

/**
 * Codes a run of values, given a prediction of each; all as numbers of a {@link FloatOrder}.
 *
 * <p>A fine-tune moves large and small weights about equally far, while the step from one number to
 * the next is larger where the value is. So what is expected of a residual, the value's number less
 * the prediction's, depends on the prediction's level, and each level learns a distribution of its
 * own. Both are mirrored where the prediction is negative: towards or away from zero means more
 * than up or down.
 *
 * <p>A symbol is the class of the residual's magnitude, then its sign, coded bit by bit from the
 * highest, each in the context of the level and the bits before it. What a class leaves open is as
 * good as noise and goes to the remainders. A value many octaves from its prediction has little to
 * do with it: the highest class says so, and sign, level and remainder of the value itself follow.
 */
final class ResidualCoder {
  private static final int SIGN_BITS = 1;

  /** From this many octaves on a value is coded on its own. */
  private static final int FAR_OCTAVES = 8;

  private final FloatOrder order;
  private final int symbolBits;
  private final int farMagnitude;
  private final int far;
  private final int farBits;
  private final AdaptiveBits near;
  private final AdaptiveBits own;

  private ResidualCoder(FloatOrder order) {
    this.order = order;
    this.farMagnitude = FAR_OCTAVES << order.mantissaBits();
    int classes = Magnitude.classOf(farMagnitude) + 1;
    int classBits = Integer.SIZE - Integer.numberOfLeadingZeros(classes - 1);
    this.far = (1 << classBits) - 1;
    this.symbolBits = classBits + SIGN_BITS;
    this.near = new AdaptiveBits(order.levels() << symbolBits);
    this.farBits = SIGN_BITS + order.levelBits();
    this.own = new AdaptiveBits(1 << farBits);
  }

  /** Codes {@code values}, each given the prediction at the same place. */
  static Block.Coded encode(FloatOrder order, int[] values, int[] predictions) {
    ResidualCoder coder = new ResidualCoder(order);
    BinaryEncoder symbols = new BinaryEncoder();
    Remainders.Writer remainders = new Remainders.Writer();
    for (int i = 0; i < values.length; i++) {
      int mirror = predictions[i] >> (Integer.SIZE - 1);
      coder.encode(values[i] ^ mirror, predictions[i] ^ mirror, symbols, remainders);
    }
    return new Block.Coded(
        MemorySegment.ofArray(symbols.finish()), MemorySegment.ofArray(remainders.finish()));
  }

  /** Replaces the predictions in {@code numbers} by the values. */
  static void decode(FloatOrder order, Block.Coded coded, int[] numbers) {
    ResidualCoder coder = new ResidualCoder(order);
    BinaryDecoder symbols = new BinaryDecoder(coded.symbols());
    Remainders.Reader remainders = new Remainders.Reader(coded.remainders());
    for (int i = 0; i < numbers.length; i++) {
      int mirror = numbers[i] >> (Integer.SIZE - 1);
      numbers[i] = coder.decode(numbers[i] ^ mirror, symbols, remainders) ^ mirror;
    }
  }

  private void encode(
      int value, int prediction, BinaryEncoder symbols, Remainders.Writer remainders) {
    int first = order.level(prediction) << symbolBits;
    int residual = order.wrap(value - prediction);
    int magnitude = Math.abs(residual);
    if (Integer.compareUnsigned(magnitude, farMagnitude) >= 0) {
      encode(symbols, near, first, symbolBits, far << SIGN_BITS);
      int sign = value >>> (Integer.SIZE - 1);
      int size = value ^ -sign;
      encode(symbols, own, 0, farBits, (sign << order.levelBits()) | order.level(size));
      remainders.write(size & ((1 << order.levelShift()) - 1), order.levelShift());
    } else {
      int found = Magnitude.classOf(magnitude);
      int sign = residual >>> (Integer.SIZE - 1);
      encode(symbols, near, first, symbolBits, (found << SIGN_BITS) | sign);
      remainders.write(magnitude - Magnitude.least(found), Magnitude.remainderBits(found));
    }
  }

  private int decode(int prediction, BinaryDecoder symbols, Remainders.Reader remainders) {
    int symbol = decode(symbols, near, order.level(prediction) << symbolBits, symbolBits);
    int found = symbol >>> SIGN_BITS;
    if (found == far) {
      int signAndLevel = decode(symbols, own, 0, farBits);
      int level = signAndLevel & ((1 << order.levelBits()) - 1);
      int size = (level << order.levelShift()) | remainders.read(order.levelShift());
      return size ^ -(signAndLevel >>> order.levelBits());
    }
    int magnitude = Magnitude.least(found) + remainders.read(Magnitude.remainderBits(found));
    int residual = (symbol & 1) != 0 ? -magnitude : magnitude;
    return order.wrap(prediction + residual);
  }

  /** Codes the symbol's bits; {@code first} is where the contexts of its level begin. */
  private static void encode(
      BinaryEncoder out, AdaptiveBits contexts, int first, int bits, int symbol) {
    int node = 1;
    for (int bit = bits - 1; bit >= 0; bit--) {
      boolean one = ((symbol >>> bit) & 1) != 0;
      out.encode(one, contexts.probability(first + node));
      contexts.learn(first + node, one);
      node = (node << 1) | (one ? 1 : 0);
    }
  }

  private static int decode(BinaryDecoder in, AdaptiveBits contexts, int first, int bits) {
    int node = 1;
    for (int bit = 0; bit < bits; bit++) {
      boolean one = in.decode(contexts.probability(first + node));
      contexts.learn(first + node, one);
      node = (node << 1) | (one ? 1 : 0);
    }
    return node - (1 << bits);
  }
}

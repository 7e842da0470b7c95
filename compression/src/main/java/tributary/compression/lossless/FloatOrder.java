package tributary.compression.lossless;

import java.util.Optional;
import tributary.tensor.DType;

/**
 * Numbers the bit patterns of a floating type in the order of their values, so that close values
 * have close numbers: negative NaN, negative infinity, ..., -0 is -1, +0 is 0, ..., infinity, NaN.
 * Every pattern has a number of its own.
 *
 * @param bits of the type, 16 or 32
 * @param mantissaBits of the type, without the implied one
 */
record FloatOrder(int bits, int mantissaBits) {
  private static final FloatOrder BF16 = new FloatOrder(Short.SIZE, 7);
  private static final FloatOrder F16 = new FloatOrder(Short.SIZE, 10);
  private static final FloatOrder F32 = new FloatOrder(Integer.SIZE, 23);

  /** The order of this type; empty for those that are not coded. */
  static Optional<FloatOrder> of(DType type) {
    return switch (type) {
      case BF16 -> Optional.of(BF16);
      case F16 -> Optional.of(F16);
      case F32 -> Optional.of(F32);
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL -> Optional.empty();
    };
  }

  /** The number of a pattern, or the pattern of a number; both sign-extended from the type. */
  int swap(int pattern) {
    return pattern
        ^ ((pattern >> (Integer.SIZE - 1)) & (Integer.MAX_VALUE >>> (Integer.SIZE - bits)));
  }

  /** A sum or difference of numbers, wrapped around at the type's size. */
  int wrap(int number) {
    int unused = Integer.SIZE - bits;
    return (number << unused) >> unused;
  }

  /** How large the value of this number, zero or positive, is: in half octaves. */
  int level(int number) {
    return number >> levelShift();
  }

  /** Bits that a level leaves open. */
  int levelShift() {
    return mantissaBits - 1;
  }

  /** Bits of a level. */
  int levelBits() {
    return bits - 1 - levelShift();
  }

  /** One more than the largest level. */
  int levels() {
    return 1 << levelBits();
  }
}

package tributary.compression.lossless;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import tributary.tensor.DType;
import tributary.tensor.TensorView;

/** Reads and writes elements of tensors as numbers of a {@link FloatOrder}. */
final class Numbers {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Numbers() {}

  /** Elements {@code [from, from + out.length)} of a tensor of the order's own type. */
  static void read(FloatOrder order, TensorView tensor, long from, int[] out) {
    MemorySegment data = tensor.data();
    boolean isShort = order.bits() == Short.SIZE;
    for (int i = 0; i < out.length; i++) {
      int pattern = isShort ? data.getAtIndex(SHORT, from + i) : data.getAtIndex(INT, from + i);
      out[i] = order.swap(pattern);
    }
  }

  static void write(FloatOrder order, int[] numbers, MemorySegment data, long from) {
    boolean isShort = order.bits() == Short.SIZE;
    for (int i = 0; i < numbers.length; i++) {
      int pattern = order.swap(numbers[i]);
      if (isShort) {
        data.setAtIndex(SHORT, from + i, (short) pattern);
      } else {
        data.setAtIndex(INT, from + i, pattern);
      }
    }
  }

  /**
   * What a predictor says of elements of a tensor of {@code type}: its elements at the same places,
   * rounded to that type; past its end, and without one, zero.
   */
  static void predict(
      FloatOrder order, DType type, @Nullable TensorView predictor, long from, int[] out) {
    long known =
        predictor != null && predictor.type().isFloating()
            ? predictor.shape().elements() - from
            : 0;
    if (predictor != null && predictor.type() == type && known >= out.length) {
      read(order, predictor, from, out);
      return;
    }
    for (int i = 0; i < out.length; i++) {
      float value = predictor == null || i >= known ? 0 : predictor.getFloat(from + i);
      out[i] = order.swap(pattern(type, value));
    }
  }

  /** Rounds to the nearest value of the type, ties to even. */
  private static int pattern(DType type, float value) {
    int bits = Float.floatToIntBits(value);
    return switch (type) {
      case F32 -> bits;
      case F16 -> Float.floatToFloat16(value);
      // NaN has its mantissa's highest bit set and no other, so the sum cannot reach its sign.
      case BF16 -> (short) ((bits + 0x7FFF + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new IllegalArgumentException("not a coded type: " + type);
    };
  }
}

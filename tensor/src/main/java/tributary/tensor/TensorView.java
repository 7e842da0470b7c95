package tributary.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor over memory that somebody else owns: valid only while that owner is open. Elements are
 * little-endian, row-major and need not be aligned.
 */
public record TensorView(DType type, Shape shape, MemorySegment data) {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public TensorView {
    long wanted = Math.multiplyExact(shape.elements(), type.bytes());
    if (data.byteSize() != wanted) {
      throw new IllegalArgumentException(
          "%s tensor of shape %s needs %d bytes, has %d"
              .formatted(type, shape, wanted, data.byteSize()));
    }
  }

  /** A view of {@code values}, sharing the array. */
  public static TensorView of(Shape shape, float... values) {
    return new TensorView(DType.F32, shape, MemorySegment.ofArray(values));
  }

  /** Rows [first, first + count) of a matrix, sharing memory. */
  public TensorView rows(long first, long count) {
    long rowBytes = Math.multiplyExact(shape.dimension(1), type.bytes());
    return new TensorView(
        type,
        Shape.of(count, shape.dimension(1)),
        data.asSlice(Math.multiplyExact(first, rowBytes), Math.multiplyExact(count, rowBytes)));
  }

  /** Element {@code index} in row-major order; only for floating types. */
  public float getFloat(long index) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(data.getAtIndex(INT, index));
      case BF16 -> Float.intBitsToFloat(data.getAtIndex(SHORT, index) << 16);
      case F16 -> Float.float16ToFloat(data.getAtIndex(SHORT, index));
      case F64 -> (float) Double.longBitsToDouble(data.getAtIndex(LONG, index));
      case I64, U64, I32, U32, I16, U16, I8, U8, BOOL ->
          throw new IllegalArgumentException("not a floating type: " + type);
    };
  }

  /** Copies elements [from, from + count) into {@code out[offset..]}, widened to float. */
  public void readFloats(long from, float[] out, int offset, int count) {
    for (int i = 0; i < count; i++) {
      out[offset + i] = getFloat(from + i);
    }
  }

  /** All elements, widened to float. For tensors below 2^31 elements. */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(shape.elements())];
    readFloats(0, values, 0, values.length);
    return values;
  }
}

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
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** 16-bit elements that are widened at a time: small enough to stay in the first cache. */
  private static final int CHUNK = 2048;

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
    switch (type) {
      case F32 ->
          MemorySegment.copy(
              data, FLOAT, Math.multiplyExact(from, Float.BYTES), out, offset, count);
      case BF16, F16 -> readShorts(from, out, offset, count);
      case F64, I64, U64, I32, U32, I16, U16, I8, U8, BOOL -> {
        for (int i = 0; i < count; i++) {
          out[offset + i] = getFloat(from + i);
        }
      }
    }
  }

  /** Block copies and plain array loops, which the compiler turns into vector instructions. */
  private void readShorts(long from, float[] out, int offset, int count) {
    short[] chunk = new short[Math.min(CHUNK, count)];
    for (int done = 0; done < count; done += chunk.length) {
      int part = Math.min(chunk.length, count - done);
      MemorySegment.copy(data, SHORT, Math.multiplyExact(from + done, Short.BYTES), chunk, 0, part);
      if (type == DType.BF16) {
        for (int i = 0; i < part; i++) {
          out[offset + done + i] = Float.intBitsToFloat(chunk[i] << Short.SIZE);
        }
      } else {
        for (int i = 0; i < part; i++) {
          out[offset + done + i] = Float.float16ToFloat(chunk[i]);
        }
      }
    }
  }

  /** All elements, widened to float. For tensors below 2^31 elements. */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(shape.elements())];
    readFloats(0, values, 0, values.length);
    return values;
  }
}

package tributary.tensor.container;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

/** Statistics in the smallest form that gives them back exactly. */
final class Numbers {
  private Numbers() {}

  /** One dimension of numbers. */
  static TensorView of(float[] values) {
    return of(values, Shape.of(values.length));
  }

  /** F16 where that gives every number back exactly, else F32. */
  static TensorView of(float[] values, Shape shape) {
    boolean half = true;
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("a statistic is " + value + "; it must be finite");
      }
      half &= Float.float16ToFloat(Float.floatToFloat16(value)) == value;
    }
    DType type = half ? DType.F16 : DType.F32;
    byte[] array = new byte[Math.multiplyExact(values.length, type.bytes())];
    ByteBuffer bytes = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      if (half) {
        bytes.putShort(Float.floatToFloat16(value));
      } else {
        bytes.putFloat(value);
      }
    }
    return new TensorView(type, shape, MemorySegment.ofArray(array));
  }

  /** Indices in the type that {@code part} has. */
  static TensorView of(int[] values, Part part) {
    DType type = part.types().getFirst();
    byte[] array = new byte[Math.multiplyExact(values.length, type.bytes())];
    ByteBuffer bytes = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      if (type == DType.U16) {
        bytes.putShort((short) value);
      } else {
        bytes.putInt(value);
      }
    }
    return new TensorView(type, part.shapes().getFirst(), MemorySegment.ofArray(array));
  }
}

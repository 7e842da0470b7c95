package tributary.compression.exchange;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import tributary.tensor.DType;
import tributary.tensor.TensorView;

/** Values in a type of fewer bits, each the nearest, ties to even. */
final class Narrowing {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Narrowing() {}

  /** The tensor in {@code type} where that is F16 or BF16; as it is otherwise. */
  static TensorView to(DType type, TensorView tensor, Arena arena) {
    if (tensor.type() == type || (type != DType.F16 && type != DType.BF16)) {
      return tensor;
    }
    float[] values = tensor.toFloats();
    MemorySegment data = arena.allocate((long) values.length * Short.BYTES, Long.BYTES);
    put(type, values, values.length, data, 0);
    return new TensorView(type, tensor.shape(), data);
  }

  /** Writes {@code count} values as elements {@code to ..} of {@code data}, in F16 or BF16. */
  static void put(DType type, float[] values, int count, MemorySegment data, long to) {
    for (int i = 0; i < count; i++) {
      short bits = type == DType.F16 ? Float.floatToFloat16(values[i]) : toBfloat16(values[i]);
      data.setAtIndex(SHORT, to + i, bits);
    }
  }

  private static short toBfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> Short.SIZE);
    }
    int half = 0x7fff + ((bits >>> Short.SIZE) & 1);
    return (short) ((bits + half) >>> Short.SIZE);
  }
}

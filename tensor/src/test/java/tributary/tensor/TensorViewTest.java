package tributary.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorViewTest {
  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16"})
  void bulk_reading_gives_what_single_reading_gives(DType type) {
    int elements = 5000;
    byte[] bytes = new byte[elements * type.bytes() + 1];
    new SplittableRandom(3).nextBytes(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(bytes.length, 8);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      // One byte in: no element is aligned.
      TensorView tensor =
          new TensorView(type, Shape.of(elements), memory.asSlice(1, bytes.length - 1));
      for (int count : new int[] {0, 1, 7, 2047, 2048, 2049, 4999}) {
        int from = elements - count - 1 < 0 ? 0 : elements - count - 1;
        float[] read = new float[count + 2];
        Arrays.fill(read, 42);
        tensor.readFloats(from, read, 1, count);
        assertThat(read[0]).isEqualTo(42);
        assertThat(read[count + 1]).isEqualTo(42);
        for (int i = 0; i < count; i++) {
          assertThat(Float.floatToRawIntBits(read[i + 1]))
              .isEqualTo(Float.floatToRawIntBits(tensor.getFloat(from + i)));
        }
      }
    }
  }

  @Test
  void bfloat16_is_the_upper_half_of_a_float() {
    byte[] bytes = {(byte) 0x80, 0x3F, 0x00, (byte) 0xC0, 0x01, 0x00, (byte) 0x80, 0x7F};
    TensorView tensor = new TensorView(DType.BF16, Shape.of(4), MemorySegment.ofArray(bytes));
    assertThat(tensor.toFloats())
        .containsExactly(1f, -2f, Float.intBitsToFloat(1 << 16), Float.POSITIVE_INFINITY);
  }

  @Test
  void rows_share_memory() {
    TensorView matrix = TensorView.of(Shape.of(3, 2), 1, 2, 3, 4, 5, 6);
    assertThat(matrix.rows(1, 2).toFloats()).containsExactly(3, 4, 5, 6);
    assertThat(matrix.rows(3, 0).toFloats()).isEmpty();
    assertThatThrownBy(() -> matrix.rows(2, 2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void memory_of_another_size_is_refused() {
    assertThatThrownBy(() -> TensorView.of(Shape.of(3), 1, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs 12 bytes, has 8");
  }

  @Test
  void integers_are_not_read_as_floats() {
    TensorView bytes = new TensorView(DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]));
    assertThatThrownBy(() -> bytes.toFloats()).hasMessageContaining("not a floating type: U8");
  }
}

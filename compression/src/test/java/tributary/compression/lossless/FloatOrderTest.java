package tributary.compression.lossless;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.tensor.DType;

class FloatOrderTest {
  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void every_pattern_of_16_bits_has_a_number_of_its_own(DType type) {
    FloatOrder order = FloatOrder.of(type).orElseThrow();
    BitSet numbers = new BitSet(1 << Short.SIZE);
    for (int pattern = Short.MIN_VALUE; pattern <= Short.MAX_VALUE; pattern++) {
      int number = order.swap(pattern);
      assertThat(order.swap(number)).isEqualTo(pattern);
      numbers.set(number - Short.MIN_VALUE);
    }
    assertThat(numbers.cardinality()).isEqualTo(1 << Short.SIZE);
  }

  @Test
  void larger_values_have_larger_numbers() {
    FloatOrder order = FloatOrder.of(DType.F32).orElseThrow();
    float[] ascending = {
      Float.NEGATIVE_INFINITY, -1.5f, -1, -Float.MIN_VALUE, -0f, 0f, Float.MIN_VALUE, 2, 1e30f
    };
    for (int i = 1; i < ascending.length; i++) {
      assertThat(number(order, ascending[i])).isGreaterThan(number(order, ascending[i - 1]));
    }
    assertThat(number(order, -0f)).isEqualTo(-1);
    assertThat(number(order, 0f)).isZero();
  }

  @Test
  void differences_wrap_around_at_the_size_of_the_type() {
    FloatOrder order = FloatOrder.of(DType.BF16).orElseThrow();
    assertThat(order.wrap(Short.MAX_VALUE + 1)).isEqualTo(Short.MIN_VALUE);
    assertThat(FloatOrder.of(DType.F32).orElseThrow().wrap(1 << 20)).isEqualTo(1 << 20);
  }

  @Test
  void a_level_is_half_an_octave() {
    FloatOrder order = FloatOrder.of(DType.F32).orElseThrow();
    int one = order.level(number(order, 1));
    assertThat(order.level(number(order, 1.49f))).isEqualTo(one);
    assertThat(order.level(number(order, 1.5f))).isEqualTo(one + 1);
    assertThat(order.level(number(order, 2))).isEqualTo(one + 2);
    assertThat(order.level(Integer.MAX_VALUE)).isEqualTo(order.levels() - 1);
  }

  private static int number(FloatOrder order, float value) {
    return order.swap(Float.floatToIntBits(value));
  }
}

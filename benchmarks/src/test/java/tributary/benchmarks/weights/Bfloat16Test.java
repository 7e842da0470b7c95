package tributary.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bfloat16Test {
  @Test
  void every_finite_bf16_survives_widening_and_rounding() {
    for (int bits = 0; bits < 1 << Short.SIZE; bits++) {
      float wide = Bfloat16.toFloat((short) bits);
      if (Float.isFinite(wide)) {
        assertThat(Bfloat16.fromFloat(wide)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void a_tie_goes_to_the_even_neighbour() {
    assertThat(Bfloat16.toFloat(Bfloat16.fromFloat(1 + 0x1p-8f))).isEqualTo(1f);
    assertThat(Bfloat16.toFloat(Bfloat16.fromFloat(1 + 3 * 0x1p-8f))).isEqualTo(1 + 0x1p-6f);
  }
}

package tributary.tensor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignPlanesTest {
  @Test
  void bit_t_of_word_w_is_column_64_w_plus_t() {
    long[] words = {0x80000021L, 1L << 5};
    SignPlanes planes = planes(1, 70, words, 0.5f);
    for (int column = 0; column < 70; column++) {
      boolean plus = column == 0 || column == 5 || column == 31 || column == 69;
      assertThat(planes.isPlus(0, 0, column)).isEqualTo(plus);
      assertThat(planes.value(0, column)).isEqualTo(plus ? 0.5f : -0.5f);
    }
  }

  @Test
  void planes_add_up_with_a_scale_per_row_or_one_for_all() {
    SignPlanes.Plane perRow =
        new SignPlanes.Plane(MemorySegment.ofArray(new long[] {1, 0}), new float[] {1, 2});
    SignPlanes.Plane single =
        new SignPlanes.Plane(MemorySegment.ofArray(new long[] {0, 1}), new float[] {0.25f});
    SignPlanes planes = new SignPlanes(2, 1, List.of(perRow, single));
    assertThat(planes.value(0, 0)).isEqualTo(0.75f);
    assertThat(planes.value(1, 0)).isEqualTo(-1.75f);
  }

  @Test
  void sizes_that_do_not_fit_are_refused() {
    assertThatThrownBy(() -> new SignPlanes(1, 1, List.of())).hasMessageContaining("at least one");
    assertThatThrownBy(() -> planes(1, 65, new long[1], 1f)).hasMessageContaining("wanted 16");
    assertThatThrownBy(() -> planes(3, 1, new long[3], 1f, 2f)).hasMessageContaining("1 or 3");
  }

  private static SignPlanes planes(int rows, int columns, long[] words, float... scales) {
    return new SignPlanes(
        rows, columns, List.of(new SignPlanes.Plane(MemorySegment.ofArray(words), scales)));
  }
}

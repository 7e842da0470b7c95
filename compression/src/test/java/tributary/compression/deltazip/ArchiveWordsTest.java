package tributary.compression.deltazip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveWordsTest {
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void codes_and_zeros_come_back(int bits) {
    int rows = 32;
    int columns = 96;
    byte[] codes = new byte[rows * columns];
    SplittableRandom random = new SplittableRandom(bits);
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    int[] words = ArchiveWords.weights(codes, rows, columns, bits);
    assertThat(words).hasSize(columns * bits / 32 * rows);
    assertThat(ArchiveWords.codes(words, rows, columns, bits)).isEqualTo(codes);

    int[] zeros = random.ints(rows, 1, 1 << bits).toArray();
    assertThat(ArchiveWords.zerosOf(ArchiveWords.zeros(zeros, bits), rows, bits)).isEqualTo(zeros);
  }

  @Test
  void zeros_are_stored_one_less_than_they_mean() {
    int[] eights = new int[8];
    Arrays.fill(eights, 8);
    assertThat(ArchiveWords.zeros(eights, 4)).containsExactly(0x77777777);
    int[] twos = new int[16];
    Arrays.fill(twos, 2);
    assertThat(ArchiveWords.zeros(twos, 2)).containsExactly(0x55555555);
  }

  @Test
  void an_outputs_codes_lie_down_a_column_the_first_in_the_lowest_bits() {
    byte[] codes = new byte[2 * 16];
    codes[0] = 1;
    codes[8] = 2;
    codes[16 + 15] = 0xF;
    assertThat(ArchiveWords.weights(codes, 2, 16, 4)).containsExactly(1, 0, 2, 0xF0000000);
  }

  @Test
  void three_bit_codes_straddle_words() {
    byte[] codes = new byte[32];
    codes[10] = 0b101;
    codes[21] = 0b110;
    assertThat(ArchiveWords.weights(codes, 1, 32, 3)).containsExactly(1 << 30, 1, 0b11);
  }

  @Test
  void codes_that_do_not_fill_words_are_refused() {
    assertThatThrownBy(() -> ArchiveWords.weights(new byte[10], 1, 10, 3))
        .hasMessageContaining("whole words");
    assertThatThrownBy(() -> ArchiveWords.codes(new int[1], 1, 16, 4))
        .hasMessageContaining("found 1 words, wanted 2");
  }
}

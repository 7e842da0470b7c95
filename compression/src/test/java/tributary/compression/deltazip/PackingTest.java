package tributary.compression.deltazip;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import tributary.tensor.format.SparseCodes;

class PackingTest {
  @Test
  void kept_pairs_are_nibbles_the_first_in_the_lowest() {
    Coded coded = Coded.empty(1, 16, 1, Levels.symmetric(2));
    Arrays.fill(coded.pruned(), true);
    int[] kept = {0, 1, 4, 7, 9, 10, 14, 15};
    for (int column : kept) {
      coded.pruned()[column] = false;
    }
    try (Arena arena = Arena.ofConfined()) {
      SparseCodes code = Packing.twoOfFour(coded, 16, arena);
      assertThat(code.patterns().get(ValueLayout.JAVA_SHORT_UNALIGNED, 0) & 0xFFFF)
          .isEqualTo(0xE9C4);
    }
  }
}

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
    Coded coded = Coded.empty(1, 16, 16, Levels.symmetric(2));
    Arrays.fill(coded.pruned(), true);
    int[] kept = {0, 1, 4, 7, 9, 10, 14, 15};
    for (int column : kept) {
      coded.pruned()[column] = false;
    }
    try (Arena arena = Arena.ofConfined()) {
      SparseCodes code = Packing.twoOfFour(coded, arena);
      assertThat(code.patterns().get(ValueLayout.JAVA_SHORT_UNALIGNED, 0) & 0xFFFF)
          .isEqualTo(0xE9C4);
    }
  }

  @Test
  void a_kept_weight_that_decodes_to_0_takes_the_lowest_position_that_remains() {
    Levels levels = Levels.symmetric(2);
    Coded coded = Coded.empty(1, 12, 12, levels);
    coded.scales()[0] = 1;
    Arrays.fill(coded.pruned(), true);
    byte[] codes = {0, 2, 2, 0, 0, 0, 3, 2, 1, 2, 0, 0};
    System.arraycopy(codes, 0, coded.codes(), 0, codes.length);
    for (int column : new int[] {1, 2, 6, 7, 8, 9}) {
      coded.pruned()[column] = false;
    }
    try (Arena arena = Arena.ofConfined()) {
      SparseCodes code = Packing.twoOfFour(coded, arena);
      code.requirePatterns();
      assertThat(code.patterns().toArray(ValueLayout.JAVA_BYTE)).containsExactly(0x84, 0x04);
      float[] row = new float[12];
      code.readRow(0, row);
      assertThat(row).containsExactly(0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0, 0);
    }
  }
}

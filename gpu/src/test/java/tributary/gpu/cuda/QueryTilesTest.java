package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.gpu.SequenceRows;

class QueryTilesTest {
  private static List<List<Integer>> written(List<SequenceRows> pieces) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(QueryTiles.bytes(pieces), Integer.BYTES);
      int count = QueryTiles.write(to, pieces);
      assertThat(to.byteSize()).isEqualTo(16L * count);
      List<List<Integer>> tiles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        List<Integer> tile = new ArrayList<>();
        for (int field = 0; field < 4; field++) {
          tile.add(to.getAtIndex(ValueLayout.JAVA_INT, 4L * i + field));
        }
        tiles.add(tile);
      }
      return tiles;
    }
  }

  @Test
  void a_stretch_is_cut_into_tiles_of_which_those_that_see_most_come_first() {
    assertThat(written(List.of(new SequenceRows(500, 150, 7, new int[10]))))
        .containsExactly(List.of(128, 22, 135, 0), List.of(64, 64, 71, 0), List.of(0, 64, 7, 0));
  }

  @Test
  void rows_and_page_tables_of_stretches_follow_one_another() {
    List<SequenceRows> pieces =
        List.of(
            new SequenceRows(3, 17, 0, new int[2]),
            new SequenceRows(40, 64, 1000, new int[67]),
            new SequenceRows(104, 65, 200, new int[17]));

    assertThat(written(pieces))
        .containsExactly(
            List.of(17, 64, 1000, 2),
            List.of(145, 1, 264, 69),
            List.of(81, 64, 200, 69),
            List.of(0, 17, 0, 0));
  }
}

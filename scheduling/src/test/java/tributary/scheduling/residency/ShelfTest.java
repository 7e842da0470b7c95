package tributary.scheduling.residency;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Bytes;

class ShelfTest {
  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  @Test
  void what_was_put_away_first_goes_first() {
    var shelf = new Shelf<String>(new Bytes(10));
    assertThat(shelf.put("a", new Bytes(4))).isEmpty();
    assertThat(shelf.put("b", new Bytes(4))).isEmpty();
    assertThat(shelf.take("a")).isTrue();
    assertThat(shelf.put("a", new Bytes(4))).isEmpty();
    assertThat(shelf.put("c", new Bytes(6))).containsExactly("b");
    assertThat(shelf.take("b")).isFalse();
    assertThat(shelf.load()).isEqualTo(new Shelf.Load(new Bytes(10), 2, 1, 1, 1));
  }

  @Test
  void what_is_too_large_moves_nobody() {
    var shelf = new Shelf<String>(new Bytes(10));
    shelf.put("a", new Bytes(10));
    assertThat(shelf.put("b", new Bytes(11))).containsExactly("b");
    assertThat(shelf.holds("a")).isTrue();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_budget_holds_and_nothing_is_lost(long seed) {
    var random = new SplittableRandom(seed);
    long budget = 20L + random.nextInt(60);
    var shelf = new Shelf<Integer>(new Bytes(budget));
    Map<Integer, Long> kept = new HashMap<>();
    for (int i = 0; i < 2_000; i++) {
      int key = random.nextInt(30);
      if (random.nextBoolean()) {
        assertThat(shelf.take(key)).isEqualTo(kept.remove(key) != null);
      } else if (!kept.containsKey(key)) {
        int size = random.nextInt(30);
        kept.put(key, (long) size);
        List<Integer> leaving = shelf.put(key, new Bytes(size));
        assertThat(kept.keySet()).containsAll(leaving);
        leaving.forEach(kept::remove);
      }
      long taken = kept.values().stream().mapToLong(Long::longValue).sum();
      assertThat(taken).isLessThanOrEqualTo(budget);
      assertThat(shelf.load().taken().count()).isEqualTo(taken);
      assertThat(shelf.load().count()).isEqualTo(kept.size());
    }
  }
}

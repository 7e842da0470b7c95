package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.ExecutorReport;

class PlacementBoardTest {
  private static final ExecutorReport EARLY =
      new ExecutorReport(new Bytes(10), new Bytes(3), Map.of("1", 5L));
  private static final ExecutorReport LATE =
      new ExecutorReport(new Bytes(10), new Bytes(4), Map.of());

  private Nanos now = Nanos.ofMillis(1);
  private final PlacementBoard board = new PlacementBoard(Duration.ofSeconds(10), () -> now);

  @Test
  void the_last_word_of_an_executor_counts() {
    board.put(new ExecutorNews("a", EARLY));
    board.put(new ExecutorNews("a", LATE));
    assertThat(board.of("a")).isEqualTo(LATE);
    assertThat(board.of("b")).isNull();
  }

  @Test
  void old_news_count_no_more() {
    board.put(new ExecutorNews("a", EARLY));
    now = now.plus(Nanos.ofMillis(10_000));
    assertThat(board.of("a")).isEqualTo(EARLY);
    now = now.plus(Nanos.ofMillis(1));
    assertThat(board.of("a")).isNull();
  }

  @Test
  void a_variant_is_reported_in_the_shard_that_requests_for_it_go_to() {
    // What Akka makes of the name; others must be told the same.
    assertThat(PlacementReporter.part(new DeltaId("wikisql"), 64)).isEqualTo("30");
  }
}

package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenWindowTest {
  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  @Test
  void a_gap_a_repetition_and_a_token_beyond_the_credit_are_noticed() {
    var window = new TokenWindow(2);
    assertThat(window.receive(1)).isFalse();
    assertThat(window.receive(0)).isTrue();
    assertThat(window.receive(0)).isFalse();
    assertThat(window.receive(1)).isTrue();
    assertThat(window.receive(2)).isFalse();
    assertThat(window.received()).isEqualTo(2);
  }

  @Test
  void credit_is_renewed_in_halves_of_the_window() {
    var window = new TokenWindow(8);
    for (int i = 0; i < 8; i++) {
      window.receive(i);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(window.deliver()).isEmpty();
    }
    assertThat(window.deliver()).hasValue(12);
    assertThat(window.granted()).isEqualTo(12);
  }

  @Test
  void a_window_of_one_renews_at_every_token() {
    var window = new TokenWindow(1);
    window.receive(0);
    assertThat(window.deliver()).hasValue(2);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void never_more_than_a_window_is_under_way_and_a_reader_that_reads_is_never_stuck(long seed) {
    var random = new SplittableRandom(seed);
    int size = random.nextInt(1, 40);
    var window = new TokenWindow(size);
    int delivered = 0;
    for (int event = 0; event < 2000; event++) {
      if (random.nextBoolean() && window.received() < window.granted()) {
        assertThat(window.receive(window.received())).isTrue();
      } else if (delivered < window.received()) {
        window.deliver();
        delivered++;
      }
      assertThat(window.granted() - delivered).isBetween(1, size);
    }
  }
}

package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DecodeClockTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void one_sequence_is_counted_from_its_first_token_to_its_last() {
    DecodeClock clock = new DecodeClock(1, 4);
    for (int i = 0; i <= 4; i++) {
      clock.token(0, (10 + 2 * i) * SECOND);
    }
    assertThat(clock.tokensPerSecond()).isEqualTo(0.5);
  }

  @Test
  void a_batch_is_counted_only_while_all_of_its_sequences_decode() {
    DecodeClock clock = new DecodeClock(2, 4);
    for (int i = 0; i <= 4; i++) {
      clock.token(0, i * SECOND);
      clock.token(1, (2 + i) * SECOND);
    }
    // From second 2 to second 4, in which each sequence yields two tokens.
    assertThat(clock.tokensPerSecond()).isEqualTo(2);
  }

  @Test
  void a_sequence_that_stopped_early_is_refused() {
    DecodeClock clock = new DecodeClock(1, 4);
    clock.token(0, SECOND);
    assertThatThrownBy(clock::tokensPerSecond)
        .hasMessageContaining("sequence 0 has 1 tokens, wanted 5");
  }
}

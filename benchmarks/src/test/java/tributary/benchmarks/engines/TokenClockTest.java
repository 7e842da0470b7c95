package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TokenClockTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void one_sequence_is_counted_from_its_first_token_to_its_last() {
    TokenClock clock = new TokenClock(1, 4);
    for (int i = 0; i <= 4; i++) {
      clock.token(0, (10 + 2 * i) * SECOND);
    }
    assertThat(clock.tokensPerSecond(new Work.Decode(1, 4))).isEqualTo(0.5);
  }

  @Test
  void a_batch_is_counted_only_while_all_of_its_sequences_decode() {
    TokenClock clock = new TokenClock(2, 4);
    for (int i = 0; i <= 4; i++) {
      clock.token(0, i * SECOND);
      clock.token(1, (2 + i) * SECOND);
    }
    // From second 2 to second 4, in which each sequence yields two tokens.
    assertThat(clock.tokensPerSecond(new Work.Decode(2, 4))).isEqualTo(2);
  }

  @Test
  void adapters_in_turn_are_counted_while_each_decodes_and_not_while_prompts_are_read() {
    TokenClock clock = new TokenClock(2, 4);
    for (int i = 0; i <= 4; i++) {
      clock.token(0, i * SECOND);
      clock.token(1, (100 + 3 * i) * SECOND);
    }
    // Four tokens in four seconds, then four in twelve.
    assertThat(clock.tokensPerSecond(new Work.LoraAdapters(2, 4))).isEqualTo(0.5);
  }

  @Test
  void a_prompt_is_counted_until_its_first_token() {
    TokenClock clock = new TokenClock(1, 0);
    clock.begin(0, 7 * SECOND);
    clock.token(0, 11 * SECOND);
    assertThat(clock.tokensPerSecond(new Work.Prefill(512))).isEqualTo(128);
  }

  @Test
  void a_sequence_that_stopped_early_is_refused() {
    TokenClock clock = new TokenClock(1, 4);
    clock.token(0, SECOND);
    assertThatThrownBy(() -> clock.tokensPerSecond(new Work.Decode(1, 4)))
        .hasMessageContaining("sequence 0 has 1 tokens, wanted 5");
  }
}

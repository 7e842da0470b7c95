package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.model.gradient.Completion;

class UnseenTokensTest {
  private static final int VOCABULARY = 1000;

  /** Token 7 again and again, and so many others once each. */
  private static int[] seen(int sevens, int singles) {
    return IntStream.concat(
            IntStream.generate(() -> 7).limit(sevens), IntStream.range(100, 100 + singles))
        .toArray();
  }

  private static List<Completion> records(int tokens) {
    return List.of(new Completion(IntStream.generate(() -> 7).limit(tokens).toArray(), 5));
  }

  private static int[] exchanged(int[] seen) {
    List<Completion> found = UnseenTokens.into(records(20_000), List.of(seen), VOCABULARY);
    assertThat(found.getFirst().from()).isEqualTo(5);
    return found.getFirst().tokens();
  }

  private static double share(int[] tokens) {
    return IntStream.of(tokens).filter(token -> token != 7).count() / (double) tokens.length;
  }

  @Test
  void as_many_tokens_are_exchanged_as_records_hold_only_once() {
    assertThat(share(exchanged(seen(970, 30)))).isBetween(0.02, 0.04);
    assertThat(share(exchanged(seen(930, 70)))).isBetween(0.06, 0.08);
  }

  @Test
  void records_that_repeat_all_they_hold_stay() {
    assertThat(share(exchanged(seen(1000, 0)))).isZero();
  }

  @Test
  void few_records_do_not_drown_in_what_they_lack() {
    assertThat(share(exchanged(seen(1, 9)))).isBetween(0.09, 0.11);
  }

  @Test
  void new_tokens_are_not_those_of_the_records_and_rather_early_ones() {
    int[] fresh = IntStream.of(exchanged(seen(950, 50))).filter(t -> t != 7).toArray();
    assertThat(fresh).isNotEmpty();
    assertThat(IntStream.of(fresh).allMatch(t -> t < 100 || t >= 150)).isTrue();
    assertThat(IntStream.of(fresh).max().orElseThrow()).isLessThan(VOCABULARY);
    assertThat(IntStream.of(fresh).filter(t -> t < 100).count()).isGreaterThan(fresh.length / 2);
  }

  @Test
  void the_first_token_stays_and_so_does_the_result() {
    int[] seen = seen(900, 100);
    assertThat(exchanged(seen)[0]).isEqualTo(7);
    assertThat(exchanged(seen)).isEqualTo(exchanged(seen));
  }

  @Test
  void where_nothing_is_unseen_nothing_is_exchanged() {
    int[] all = IntStream.range(0, VOCABULARY).toArray();
    assertThat(share(exchanged(all))).isZero();
  }
}

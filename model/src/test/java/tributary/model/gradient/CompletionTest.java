package tributary.model.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CompletionTest {
  @Test
  void rows_are_those_that_predict_the_completions() {
    CompletionBatch batch =
        CompletionBatch.of(
            List.of(
                new Completion(new int[] {10, 11, 12, 13}, 2),
                new Completion(new int[] {20, 21}, 1)));
    assertThat(batch.batch().sequences()).containsExactly(new int[] {10, 11, 12}, new int[] {20});
    assertThat(batch.rows()).containsExactly(1, 2, 3);
    assertThat(batch.targets()).containsExactly(12, 13, 21);
  }

  @Test
  void a_long_prompt_loses_its_beginning() {
    Completion cut = new Completion(IntStream.range(0, 20).toArray(), 17).cut(9);
    assertThat(cut.tokens()).containsExactly(10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
    assertThat(cut.from()).isEqualTo(7);
  }

  @Test
  void a_long_completion_loses_its_end() {
    Completion cut = new Completion(IntStream.range(0, 20).toArray(), 3).cut(9);
    assertThat(cut.tokens()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(cut.from()).isEqualTo(3);
  }

  @Test
  void where_both_are_long_each_keeps_half() {
    Completion cut = new Completion(IntStream.range(0, 40).toArray(), 20).cut(9);
    assertThat(cut.tokens()).containsExactly(15, 16, 17, 18, 19, 20, 21, 22, 23, 24);
    assertThat(cut.from()).isEqualTo(5);
  }

  @Test
  void what_fits_stays_whole_and_the_shortest_keeps_a_token_of_each() {
    Completion whole = new Completion(IntStream.range(0, 20).toArray(), 10);
    assertThat(whole.cut(19)).isSameAs(whole);
    Completion least = whole.cut(2);
    assertThat(least.tokens()).containsExactly(8, 9, 10);
    assertThat(least.from()).isEqualTo(2);
  }

  @Test
  void a_completion_of_nothing_is_refused() {
    assertThatThrownBy(() -> new Completion(new int[] {1, 2}, 2)).hasMessageContaining("2 of 2");
    assertThatThrownBy(() -> new Completion(new int[] {1, 2}, 0)).hasMessageContaining("0 of 2");
  }
}

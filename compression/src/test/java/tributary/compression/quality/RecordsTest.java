package tributary.compression.quality;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.compression.quality.Scorer.Sequence;

class RecordsTest {
  private static final int END = 2;

  @Test
  void a_completion_is_scored_with_its_end_token() {
    Sequence sequence = Records.sequence(new int[] {1, 7, 8}, new int[] {9, 10}, END);
    assertThat(sequence.tokens()).containsExactly(1, 7, 8, 9, 10, END);
    assertThat(sequence.scoredFrom()).isEqualTo(3);
  }

  @Test
  void an_empty_completion_is_its_end_token() {
    assertThat(Records.sequence(new int[] {1}, new int[0], END).tokens()).containsExactly(1, END);
  }

  @Test
  void a_long_prompt_keeps_its_last_448_tokens() {
    int[] prompt = IntStream.range(0, 1000).toArray();
    Sequence sequence = Records.sequence(prompt, new int[] {5}, END);
    assertThat(sequence.scoredFrom()).isEqualTo(448);
    assertThat(sequence.tokens()).hasSize(450).startsWith(552).endsWith(999, 5, END);
  }

  @Test
  void a_long_completion_is_cut_to_the_window_and_loses_its_end_token() {
    int[] prompt = IntStream.range(0, 1000).toArray();
    int[] completion = new int[100];
    Arrays.fill(completion, 5);
    Sequence sequence = Records.sequence(prompt, completion, END);
    assertThat(sequence.tokens()).hasSize(512).endsWith(5, 5);
    assertThat(Records.sequence(new int[] {1}, completion, END).tokens()).hasSize(102);
    int[] exactly = Arrays.copyOf(completion, 64);
    assertThat(Records.sequence(prompt, exactly, END).tokens()).hasSize(512).endsWith(5, 5);
    int[] less = Arrays.copyOf(completion, 63);
    assertThat(Records.sequence(prompt, less, END).tokens()).hasSize(512).endsWith(5, END);
  }

  @Test
  void windows_predict_512_tokens_each_and_overlap_by_one() {
    int[] tokens = IntStream.range(0, 512 * 3 + 10).toArray();
    List<Sequence> windows = Records.windows(tokens, 10);
    assertThat(windows).hasSize(2 + 1);
    assertThat(windows.get(1).tokens()).hasSize(513).startsWith(512).endsWith(1024);
    assertThat(windows.get(1).scoredFrom()).isEqualTo(1);
    assertThat(Records.windows(tokens, 2)).hasSize(2);
    assertThat(Records.windows(new int[513], 1)).isEmpty();
    assertThat(Records.windows(new int[514], 1)).hasSize(1);
  }
}

package tributary.compression.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.compression.calibration.CalibrationSet.Limits;
import tributary.model.tokenizer.TextTokenizer;
import tributary.model.tokenizer.TinyTokenizers;

class CalibrationSetTest {
  private static final int END = 2;

  @TempDir Path directory;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyTokenizers.byteLevel(directory);
  }

  @Test
  void records_are_read_in_order_without_the_token_that_is_only_predicted() throws IOException {
    Path file = records("ab", "xyz", "c", "de", "f", "g");
    CalibrationSet set = read(file, new Limits(2, 1000, 512));
    assertThat(set.sequences()).hasSize(2);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      int[] prompt = tokenizer.encode("ab", true).toArray();
      int[] completion = tokenizer.encode("xyz", false).toArray();
      assertThat(set.sequences().getFirst())
          .startsWith(prompt)
          .endsWith(completion)
          .hasSize(prompt.length + completion.length);
    }
    assertThat(set.tokens())
        .isEqualTo(set.sequences().get(0).length + set.sequences().get(1).length);
    assertThat(read(file, new Limits(2, 1000, 512)).sequences())
        .usingRecursiveComparison()
        .isEqualTo(set.sequences());
  }

  @Test
  void text_is_read_in_windows() throws IOException {
    Path file = Files.writeString(directory.resolve("text.txt"), "abcdefgh".repeat(200));
    CalibrationSet set = read(file, new Limits(2, 10_000, 512));
    assertThat(set.sequences()).hasSize(2).allMatch(sequence -> sequence.length == 512);
  }

  @Test
  void what_does_not_fit_the_context_loses_its_beginning() {
    List<int[]> inputs = List.of(IntStream.range(0, 10).toArray(), new int[] {1, 2});
    CalibrationSet set = CalibrationSet.cut(inputs, new Limits(2, 100, 4));
    assertThat(set.sequences().get(0)).containsExactly(6, 7, 8, 9);
    assertThat(set.sequences().get(1)).containsExactly(1, 2);
  }

  @Test
  void the_sequence_that_passes_the_budget_is_cut_and_later_ones_are_left_out() {
    List<int[]> inputs = List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6}, new int[] {7});
    CalibrationSet set = CalibrationSet.cut(inputs, new Limits(3, 5, 100));
    assertThat(set.tokens()).isEqualTo(5);
    assertThat(set.sequences()).hasSize(2);
    assertThat(set.sequences().get(1)).containsExactly(4, 5);
  }

  @Test
  void too_few_records_are_counted() throws IOException {
    Path file = records("a", "b", "c", "d");
    assertThatThrownBy(() -> read(file, new Limits(3, 1000, 512)))
        .hasMessageContainingAll("invalid_request", "records.jsonl", "2 records", "3 were asked");
  }

  @Test
  void nothing_to_read_and_limits_of_nothing_are_refused() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty.jsonl"));
    assertThatThrownBy(() -> read(empty, new Limits(1, 10, 10)))
        .hasMessageContaining("empty.jsonl");
    assertThatThrownBy(() -> new Limits(0, 10, 10)).hasMessageContaining("samples is 0");
    assertThatThrownBy(() -> new Limits(1, 0, 10)).hasMessageContaining("calibration tokens is 0");
    assertThatThrownBy(() -> new CalibrationSet(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private CalibrationSet read(Path file, Limits limits) {
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      return CalibrationSet.read(file, limits, tokenizer, END);
    }
  }

  private Path records(String... promptsAndCompletions) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < promptsAndCompletions.length; i += 2) {
      lines.append(
          "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n"
              .formatted(promptsAndCompletions[i], promptsAndCompletions[i + 1]));
    }
    return Files.writeString(directory.resolve("records.jsonl"), lines);
  }
}

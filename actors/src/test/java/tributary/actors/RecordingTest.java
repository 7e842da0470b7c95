package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Bytes;

class RecordingTest {
  @TempDir private Path directory;

  @Test
  void what_was_added_is_in_the_file_after_its_end_and_what_came_before_is_not()
      throws IOException {
    Path file = directory.resolve("r.jsonl");
    Files.writeString(file, "old");
    try (RecordingFile recording = RecordingFile.create(file, new Bytes(1 << 20))) {
      recording.add("one\n");
      recording.add("two\n");
    }
    assertThat(file).hasContent("one\ntwo\n");
  }

  @Test
  void a_recording_ends_whole_lines_before_its_size() throws IOException {
    Path file = directory.resolve("r.jsonl");
    try (RecordingFile recording = RecordingFile.create(file, new Bytes(7))) {
      recording.add("one\n");
      recording.add("three\n");
      recording.add("2\n");
    }
    assertThat(file).hasContent("one\n");
  }

  @Test
  void a_file_that_cannot_be_written_is_named_with_its_key() {
    Path file = directory.resolve("none").resolve("r.jsonl");
    assertThatThrownBy(() -> RecordingFile.create(file, new Bytes(1)))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("tributary.recording");
  }

  @Test
  void pages_have_one_number_where_all_tokens_up_to_their_end_are_the_same() {
    var pages = new PageNumbers(2);
    String[] one = pages.text(new int[] {1, 2, 3, 4, 5}, 5).split(",", -1);
    String[] other = pages.text(new int[] {1, 2, 9, 4}, 4).split(",", -1);
    String[] moved = pages.text(new int[] {3, 4}, 2).split(",", -1);
    assertThat(one).hasSize(2);
    assertThat(other[0]).isEqualTo(one[0]);
    assertThat(other[1]).isNotEqualTo(one[1]);
    assertThat(moved[0]).isNotEqualTo(one[1]);
    assertThat(new PageNumbers(2).text(new int[] {1, 2}, 2)).isNotEqualTo(one[0]);
  }
}

package tributary.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {
  @ParameterizedTest
  @CsvSource({"port, port, 0", "prot, port, 2", "por, port, 1", "sport, port, 1", "'', port, 4"})
  void distance_counts_single_edits(String a, String b, int edits) {
    assertThat(Spelling.editDistance(a, b)).isEqualTo(edits);
    assertThat(Spelling.editDistance(b, a)).isEqualTo(edits);
  }

  @Test
  void the_nearest_word_is_found_unless_all_are_far() {
    List<String> known = List.of("host", "port", "heartbeat");
    assertThat(Spelling.nearest("prot", known)).contains("port");
    assertThat(Spelling.nearest("hearthbeat", known)).contains("heartbeat");
    assertThat(Spelling.nearest("threads", known)).isEmpty();
  }
}

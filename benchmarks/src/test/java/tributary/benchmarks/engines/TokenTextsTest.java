package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TokenTextsTest {
  @Test
  void a_text_of_one_token_gives_its_id_and_a_shared_or_strange_one_does_not() {
    List<String> vocabulary = List.of("a", "\uFFFD", "b", "\uFFFD");
    TokenTexts texts = new TokenTexts(vocabulary.size(), vocabulary::get);

    assertThat(texts.ids(List.of("b", "a", "\uFFFD", "c")))
        .containsExactly(2, 0, TokenTexts.UNKNOWN, TokenTexts.UNKNOWN);
  }
}

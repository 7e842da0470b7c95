package tributary.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.Tokens;

class TextStreamTest {
  @TempDir Path directory;

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void the_pieces_of_random_tokens_make_their_whole_text(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    for (boolean byteLevel : new boolean[] {true, false}) {
      try (TextTokenizer tokenizer = open(byteLevel)) {
        for (int i = 0; i < 200; i++) {
          int[] ids = random.ints(random.nextInt(40), 0, tokenizer.vocabularySize()).toArray();
          String whole = tokenizer.decode(Tokens.of(ids), true);
          String streamed = stream(tokenizer, Tokens.of(ids), List.of());

          // A stream continues a prompt, so it keeps the space that opens a whole text.
          assertThat(streamed).isIn(whole, " " + whole);
        }
      }
    }
  }

  @Test
  void characters_of_several_tokens_come_whole() throws Exception {
    for (boolean byteLevel : new boolean[] {true, false}) {
      try (TextTokenizer tokenizer = open(byteLevel)) {
        for (String text : List.of("😀👨‍👩‍👧‍👦🇩🇪", "日本語中文", "the é hello 😀")) {
          TextStream stream = new TextStream(tokenizer, List.of());
          StringBuilder all = new StringBuilder();
          Tokens tokens = tokenizer.encode(text, false);
          for (int i = 0; i < tokens.count(); i++) {
            String piece = stream.append(tokens.id(i)).text();
            assertThat(piece).doesNotContain("\uFFFD");
            assertThat(text).contains(piece.strip());
            all.append(piece);
          }
          assertThat(all.append(stream.finish().text()).toString().strip()).isEqualTo(text);
        }
      }
    }
  }

  @Test
  void a_character_that_never_ends_is_replaced_at_the_end() throws Exception {
    try (TextTokenizer tokenizer = open(true)) {
      TextStream stream = new TextStream(tokenizer, List.of());
      Tokens tokens = tokenizer.encode("a😀", false);

      assertThat(stream.append(tokens.id(0)).text()).isEqualTo("a");
      assertThat(stream.append(tokens.id(1)).text()).isEmpty();
      assertThat(stream.finish()).isEqualTo(new TextStream.Piece("\uFFFD", false));
    }
  }

  @Test
  void the_space_before_a_continuations_first_word_is_kept() throws Exception {
    try (TextTokenizer tokenizer = open(false)) {
      Tokens tokens = tokenizer.encode("the hello", false);
      assertThat(tokenizer.decode(tokens, true)).isEqualTo("the hello");
      assertThat(stream(tokenizer, tokens, List.of())).isEqualTo(" the hello");
    }
  }

  @Test
  void a_stop_string_over_several_tokens_ends_the_text_before_it() throws Exception {
    try (TextTokenizer tokenizer = open(true)) {
      Tokens tokens = tokenizer.encode("say hello and more", false);
      TextStream stream = new TextStream(tokenizer, List.of("o a", "zzz"));
      StringBuilder text = new StringBuilder();
      TextStream.Piece piece = new TextStream.Piece("", false);
      int used = 0;
      while (!piece.stopped()) {
        piece = stream.append(tokens.id(used++));
        text.append(piece.text());
      }

      assertThat(text.toString()).isEqualTo("say hell");
      assertThat(used).isLessThan(tokens.count());
      assertThat(stream.append(tokens.id(used))).isEqualTo(new TextStream.Piece("", true));
      assertThat(stream.finish()).isEqualTo(new TextStream.Piece("", true));
    }
  }

  @Test
  void what_only_looks_like_a_stop_string_is_sent_in_the_end() throws Exception {
    try (TextTokenizer tokenizer = open(true)) {
      TextStream stream = new TextStream(tokenizer, List.of("xyz"));
      Tokens tokens = tokenizer.encode("axxy", false);
      StringBuilder early = new StringBuilder();
      for (int i = 0; i < tokens.count(); i++) {
        early.append(stream.append(tokens.id(i)).text());
      }

      assertThat(early.toString()).isEqualTo("ax");
      assertThat(stream.finish()).isEqualTo(new TextStream.Piece("xy", false));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void the_split_into_pieces_never_changes_where_a_text_stops(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 2000; i++) {
      List<String> stops =
          List.of(word(random, 1 + random.nextInt(4)), word(random, 1 + random.nextInt(4)));
      String text = word(random, random.nextInt(25));
      String wanted = untilFirstStop(text, stops);
      StopStrings strings = new StopStrings(stops);
      StringBuilder out = new StringBuilder();
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + 1 + random.nextInt(6));
        out.append(strings.append(text.substring(at, end)));
        at = end;
      }
      out.append(strings.finish());

      assertThat(out.toString()).describedAs("%s of %s", stops, text).isEqualTo(wanted);
      assertThat(strings.found().isPresent()).isEqualTo(stops.stream().anyMatch(text::contains));
      strings.found().ifPresent(stop -> assertThat(text).startsWith(wanted + stop));
    }
  }

  @Test
  void text_is_held_back_no_longer_than_a_stop_string_may_follow() {
    StopStrings strings = new StopStrings(List.of("END"));
    assertThat(strings.append("aE")).isEqualTo("a");
    assertThat(strings.append("Nx")).isEqualTo("ENx");
    assertThat(strings.append("")).isEmpty();
  }

  /**
   * The text before the stop string that is complete first: the definition, character by character.
   */
  private static String untilFirstStop(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String soFar = text.substring(0, end);
      int longest = stops.stream().filter(soFar::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return soFar.substring(0, end - longest);
      }
    }
    return text;
  }

  private static String word(SplittableRandom random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(2)));
    }
    return word.toString();
  }

  private static String stream(TextTokenizer tokenizer, Tokens tokens, List<String> stops) {
    TextStream stream = new TextStream(tokenizer, stops);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < tokens.count(); i++) {
      text.append(stream.append(tokens.id(i)).text());
    }
    return text.append(stream.finish().text()).toString();
  }

  private TextTokenizer open(boolean byteLevel) throws Exception {
    return TextTokenizer.open(
        byteLevel ? TinyTokenizers.byteLevel(directory) : TinyTokenizers.sentencePiece(directory));
  }
}

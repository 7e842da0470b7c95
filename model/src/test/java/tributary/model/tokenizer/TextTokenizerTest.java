package tributary.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

class TextTokenizerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<String> TEXTS =
      List.of(
          "the hello",
          " the  hello ",
          "",
          " ",
          "hello\nthe\t\r\n",
          "ünïcödé",
          "日本語 the 中文",
          "😀👨‍👩‍👧‍👦🇩🇪 the",
          "a\u0000b",
          "e\u0301",
          "<|user|>",
          "\uFFFD");

  @TempDir Path directory;

  @Test
  void text_comes_back_from_its_tokens() throws Exception {
    for (boolean byteLevel : new boolean[] {true, false}) {
      write(byteLevel);
      try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
        for (String text : TEXTS) {
          assertThat(tokenizer.decode(tokenizer.encode(text, false), false)).isEqualTo(text);
        }
      }
    }
  }

  @Test
  void special_tokens_are_added_and_left_out_as_asked() throws Exception {
    TinyTokenizers.byteLevel(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      Tokens plain = tokenizer.encode("the", false);
      Tokens begun = tokenizer.encode("the", true);

      assertThat(begun.count()).isEqualTo(plain.count() + 1);
      assertThat(begun.id(0)).isEqualTo(1);
      assertThat(tokenizer.decode(begun, true)).isEqualTo("the");
      assertThat(tokenizer.decode(begun, false)).isEqualTo("<s>the");
      assertThat(tokenizer.tokenText(1)).isEqualTo("<s>");
      assertThat(tokenizer.tokenText(plain.id(0))).isEqualTo("the");
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void byte_level_decoding_equals_the_librarys_even_of_nonsense(long seed) throws Exception {
    TinyTokenizers.byteLevel(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory);
        HuggingFaceTokenizer library = library()) {
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < 400; i++) {
        int[] ids = random.ints(random.nextInt(30), 0, tokenizer.vocabularySize()).toArray();
        long[] wide = IntStream.of(ids).asLongStream().toArray();
        boolean skip = random.nextBoolean();

        assertThat(tokenizer.decode(Tokens.of(ids), skip)).isEqualTo(library.decode(wide, skip));
      }
    }
  }

  @Test
  void sentence_piece_decoding_equals_the_librarys_of_text_and_of_lone_bytes() throws Exception {
    TinyTokenizers.sentencePiece(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory);
        HuggingFaceTokenizer library = library()) {
      for (String text : TEXTS) {
        Tokens tokens = tokenizer.encode(text, true);
        long[] wide = IntStream.of(tokens.toArray()).asLongStream().toArray();
        assertThat(tokenizer.decode(tokens, true)).isEqualTo(library.decode(wide, true));
      }
      // Bytes that begin a character and never end it.
      int firstByte = 4;
      for (int[] ids : List.of(new int[] {0xE4, 0xBD}, new int[] {0xF0}, new int[] {0x80, 0xFF})) {
        int[] tokens = IntStream.of(ids).map(value -> firstByte + value).toArray();
        long[] wide = IntStream.of(tokens).asLongStream().toArray();
        assertThat(tokenizer.decode(Tokens.of(tokens), true)).isEqualTo(library.decode(wide, true));
      }
    }
  }

  @Test
  void a_decoder_that_strips_nothing_keeps_leading_spaces() throws Exception {
    TinyTokenizers.sentencePiece(directory);
    ObjectNode root = TinyTokenizers.read(directory);
    root.set(
        "decoder",
        TinyTokenizers.json(
            "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", \"pattern\":"
                + " {\"String\": \"▁\"}, \"content\": \" \"}, {\"type\": \"ByteFallback\"},"
                + " {\"type\": \"Fuse\"}]}"));
    TinyTokenizers.write(directory, root);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory);
        HuggingFaceTokenizer library = library()) {
      Tokens tokens = tokenizer.encode("the hello", true);
      long[] wide = IntStream.of(tokens.toArray()).asLongStream().toArray();

      assertThat(tokenizer.decode(tokens, true))
          .startsWith(" the")
          .isEqualTo(library.decode(wide, true));
    }
  }

  @Test
  void the_metaspace_decoder_drops_the_space_of_the_first_word_only() throws Exception {
    TinyTokenizers.sentencePiece(directory);
    ObjectNode root = TinyTokenizers.read(directory);
    root.set(
        "decoder",
        TinyTokenizers.json(
            "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": \"always\","
                + " \"split\": true}"));
    TinyTokenizers.write(directory, root);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory);
        HuggingFaceTokenizer library = library()) {
      Tokens tokens = tokenizer.encode("the hello", true);
      long[] wide = IntStream.of(tokens.toArray()).asLongStream().toArray();

      assertThat(tokenizer.decode(tokens, true)).isEqualTo("the hello");
      assertThat(library.decode(wide, true)).isEqualTo("the hello");
    }
  }

  @Test
  void ids_outside_the_vocabulary_decode_to_nothing() throws Exception {
    TinyTokenizers.byteLevel(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      assertThat(tokenizer.decode(Tokens.of(-1, 1 << 30, tokenizer.vocabularySize()), false))
          .isEmpty();
      assertThat(tokenizer.tokenText(-5)).isEmpty();
    }
  }

  @Test
  void half_a_surrogate_pair_is_encoded_as_the_replacement_character() throws Exception {
    TinyTokenizers.byteLevel(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      assertThat(tokenizer.decode(tokenizer.encode("a\uD83Db", false), false))
          .isEqualTo("a\uFFFDb");
    }
  }

  @Test
  void long_text_is_not_cut() throws Exception {
    TinyTokenizers.byteLevel(directory);
    ObjectNode root = TinyTokenizers.read(directory);
    root.set(
        "truncation",
        TinyTokenizers.json(
            "{\"direction\": \"Right\", \"max_length\": 8, \"strategy\": \"LongestFirst\","
                + " \"stride\": 0}"));
    TinyTokenizers.write(directory, root);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      assertThat(tokenizer.encode("q".repeat(5000), true).count()).isEqualTo(5001);
    }
  }

  @Test
  void threads_share_a_tokenizer() throws Exception {
    TinyTokenizers.byteLevel(directory);
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      List<Tokens> wanted = TEXTS.stream().map(text -> tokenizer.encode(text, true)).toList();
      assertThat(
              IntStream.range(0, 200)
                  .parallel()
                  .mapToObj(i -> tokenizer.encode(TEXTS.get(i % TEXTS.size()), true)))
          .containsExactlyElementsOf(
              IntStream.range(0, 200).mapToObj(i -> wanted.get(i % TEXTS.size())).toList());
    }
  }

  @Test
  void a_closed_tokenizer_says_so() throws Exception {
    TinyTokenizers.byteLevel(directory);
    TextTokenizer tokenizer = TextTokenizer.open(directory);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("the", true)).hasMessageContaining("closed");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": -1}}}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": 99999999999}}}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": \"x\"}}}",
        "{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\", \"merges\": [],"
            + " \"vocab\": {\"a\": 0}}, \"added_tokens\": 5, \"normalizer\": {\"type\": \"No\"}}",
        "{\"decoder\": {\"type\": \"WordPiece\"}, \"model\": {\"vocab\": {\"a\": 0}}}",
        "{\"decoder\": null, \"model\": {\"vocab\": {\"a\": 0}}}",
      })
  void a_broken_file_is_a_tokenizer_error_that_names_it(String content) throws Exception {
    Files.writeString(directory.resolve("tokenizer.json"), content);
    assertThatThrownBy(() -> TextTokenizer.open(directory))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.TOKENIZER))
        .hasMessageContaining("tokenizer.json");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("fatal")
  void what_would_end_the_library_and_the_process_is_refused(String named, String path, String part)
      throws Exception {
    Path file = TinyTokenizers.sentencePiece(directory).resolve("tokenizer.json");
    ObjectNode json = (ObjectNode) MAPPER.readTree(file.toFile());
    json.withObject(path).setAll((ObjectNode) MAPPER.readTree(part));
    MAPPER.writeValue(file.toFile(), json);
    assertThatThrownBy(() -> TextTokenizer.open(directory))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.TOKENIZER))
        .hasMessageContaining(named);
  }

  static List<Arguments> fatal() {
    String template =
        "{'type': 'TemplateProcessing', 'pair': [], 'single': [%s], 'special_tokens': %s}";
    String text = "{'Sequence': {'id': 'A', 'type_id': 0}}";
    String begin = "{'SpecialToken': {'id': '<s>', 'type_id': 0}}";
    String map = "{'type': 'Precompiled', 'precompiled_charsmap': '%s'}";
    return Stream.of(
            List.of("merge '\"the z\"'", "/model", "{'merges': ['the z']}"),
            List.of("merge '[\"the\",\"z\"]'", "/model", "{'merges': [['the', 'z']]}"),
            List.of("no pair of tokens", "/model", "{'merges': ['the']}"),
            List.of("merge '\"t h\"'", "/model", "{'continuing_subword_prefix': '##'}"),
            List.of("not ASCII", "/model", "{'continuing_subword_prefix': '\u2581'}"),
            List.of("'<s>'", "/post_processor", template.formatted(begin + ", " + text, "{}")),
            List.of(
                "as many ids",
                "/post_processor",
                template.formatted(
                    begin + ", " + text,
                    "{'<s>': {'id': '<s>', 'ids': [1, 1], 'tokens': ['<s>']}}")),
            List.of(
                "names a second",
                "/post_processor",
                template.formatted(text.replace("'A'", "'B'"), "{}")),
            List.of(
                "names a second",
                "/post_processor",
                template.formatted(text.replace("'A'", "'B'"), "{}").replace("Processing", "")),
            List.of(
                "special token is '[1]'",
                "/post_processor",
                template.formatted(text, "{'<s>': [1]}")),
            List.of("no object", "/post_processor", "{'processors': [[]]}"),
            List.of("no object", "/normalizer", "{'normalizers': ['NFC']}"),
            List.of("no object", "/pre_tokenizer", "{'pretokenizers': [[1]]}"),
            List.of("0 characters", "/pre_tokenizer", "{'type': 'FixedLength', 'length': 0}"),
            List.of("damaged", "/normalizer", "{'type': 'Precompiled'}"),
            List.of("damaged", "/normalizer", map.formatted("no base64")),
            List.of("damaged", "/normalizer", map.formatted("/wAAAA==")),
            List.of("damaged", "/normalizer", map.formatted("BAAAAAAABAA=")))
        .map(each -> Arguments.of(each.get(0), each.get(1), each.get(2).replace('\'', '"')))
        .toList();
  }

  @Test
  void a_compiled_normalization_is_used() throws Exception {
    Path file = TinyTokenizers.sentencePiece(directory).resolve("tokenizer.json");
    ObjectNode json = (ObjectNode) MAPPER.readTree(file.toFile());
    json.putObject("normalizer")
        .put("type", "Precompiled")
        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(lowerCaseH()));
    MAPPER.writeValue(file.toFile(), json);
    try (var tokenizer = TextTokenizer.open(directory)) {
      assertThat(tokenizer.encode("Hello", false)).isEqualTo(tokenizer.encode("hello", false));
    }
  }

  /** A map of one replacement, H by h: the root's children from unit 256, the value there. */
  private static byte[] lowerCaseH() {
    ByteBuffer map = ByteBuffer.allocate(4 + 4 * 512 + 2).order(ByteOrder.LITTLE_ENDIAN);
    map.putInt(0, 4 * 512).putInt(4, 256 << 10);
    map.putInt(4 + 4 * (256 + 'H'), 'H' | 1 << 8 | 'H' << 10);
    map.putInt(4 + 4 * 256, 1 << 31);
    return map.put(4 + 4 * 512, (byte) 'h').array();
  }

  @Test
  void a_missing_file_is_named() {
    assertThatThrownBy(() -> TextTokenizer.open(directory))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.FILE_NOT_FOUND))
        .hasMessageContaining("tokenizer.json");
  }

  private void write(boolean byteLevel) throws Exception {
    if (byteLevel) {
      TinyTokenizers.byteLevel(directory);
    } else {
      TinyTokenizers.sentencePiece(directory);
    }
  }

  private HuggingFaceTokenizer library() throws Exception {
    return HuggingFaceTokenizer.newInstance(
        Files.newInputStream(directory.resolve("tokenizer.json")), Map.of());
  }
}

package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.openai.OpenAiJson;
import tributary.protocol.openai.TextCompletion;

/** The template writes what the JSON mapper writes. */
class TextTemplateTest {
  private static final byte[] BEFORE = {'<'};
  private static final byte[] AFTER = {'>'};

  private static TextCompletion body(String text) {
    return new TextCompletion(
        "cmpl-1",
        1_730_000_000,
        "tenant-a",
        List.of(new TextCompletion.Choice(0, text, null, null, null, null)),
        null);
  }

  private static String written(String text) {
    var bytes = new EventBytes();
    TextTemplate.of(BEFORE, body(TextTemplate.MARK), AFTER).write(text, bytes);
    return bytes.take().utf8String();
  }

  private static String mapped(String text) {
    return "<" + new String(OpenAiJson.bytes(body(text)), StandardCharsets.UTF_8) + ">";
  }

  @Test
  void every_character_below_256_is_written_alike() {
    for (int character = 0; character < 256; character++) {
      String text = "a" + (char) character + "b";
      assertThat(written(text)).as("character %d", character).isEqualTo(mapped(text));
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void texts_of_all_planes_are_written_alike(long seed) {
    var random = new SplittableRandom(seed);
    var text = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      int point =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(0x20);
            case 1 -> random.nextInt(0x20, 0x7f);
            case 2 -> random.nextInt(0x80, 0xd800);
            default -> random.nextInt(0x10000, 0x10ffff);
          };
      text.appendCodePoint(point);
    }
    assertThat(written(text.toString())).isEqualTo(mapped(text.toString()));
  }
}

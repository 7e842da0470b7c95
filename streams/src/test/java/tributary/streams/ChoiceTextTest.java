package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.FinishReason;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.CompletionBody;

class ChoiceTextTest {
  private static final String LETTERS = "ab€😀 ";

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void the_pieces_are_the_text_up_to_the_first_stop_string(long seed) {
    var random = new SplittableRandom(seed);
    String text = text(random, 40);
    String stop = text(random, 1 + random.nextInt(3));
    boolean shown = random.nextBoolean();

    var told = tell(text, stop, shown);

    int at = text.indexOf(stop);
    String expected = at < 0 ? text : text.substring(0, at) + (shown ? stop : "");
    assertThat(String.join("", told.pieces)).isEqualTo(expected);
    assertThat(told.pieces).allSatisfy(ChoiceTextTest::isWhole);
    assertThat(told.ended).isNotNull();
    assertThat(told.ended.reason()).isEqualTo(at < 0 ? FinishReason.LENGTH : FinishReason.STOP);
    int bytesRead = at < 0 ? bytes(text) : bytes(text.substring(0, at) + stop);
    assertThat(told.ended.completionTokens()).isEqualTo(bytesRead);
  }

  @Test
  void scores_of_tokens_without_text_do_not_gather_without_end() {
    var request = accepted("'logprobs':0,'ignore_eos':true");
    var choice = request.choices().getFirst();
    var text = new ChoiceText(request, choice);
    var events = new ArrayList<AnswerEvent>();
    for (int i = 0; i < 1000; i++) {
      events.addAll(text.accept(ScriptedGeneration.token(choice.request(), i, TestModels.EOS)));
    }
    assertThat(events)
        .filteredOn(AnswerEvent.Text.class::isInstance)
        .hasSizeGreaterThan(10)
        .allSatisfy(event -> assertThat(((AnswerEvent.Text) event).scores()).hasSizeLessThan(100));
  }

  @Test
  void special_tokens_show_when_asked() {
    assertThat(special("true")).isEmpty();
    assertThat(special("false")).isEqualTo("<|end|>");
  }

  private static String special(String skip) {
    var request = accepted("'ignore_eos':true,'skip_special_tokens':" + skip);
    var choice = request.choices().getFirst();
    var events =
        new ChoiceText(request, choice)
            .accept(ScriptedGeneration.token(choice.request(), 0, TestModels.EOS));
    return events.stream()
        .filter(AnswerEvent.Text.class::isInstance)
        .map(event -> ((AnswerEvent.Text) event).text())
        .reduce("", String::concat);
  }

  private static final class Told {
    final List<String> pieces = new ArrayList<>();
    AnswerEvent.@Nullable Ended ended;
  }

  private static Told tell(String text, String stop, boolean shown) {
    var request =
        accepted(
            "'max_tokens':1000,'stop':'%s','include_stop_str_in_output':%s".formatted(stop, shown));
    var choice = request.choices().getFirst();
    var decoder = new ChoiceText(request, choice);
    var told = new Told();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length && told.ended == null; i++) {
      take(
          decoder.accept(
              ScriptedGeneration.token(choice.request(), i, Byte.toUnsignedInt(bytes[i]))),
          told);
    }
    if (told.ended == null) {
      var end =
          new TokenEvent.Finished(
              choice.request().id(), FinishReason.LENGTH, new Usage(1, bytes.length));
      take(decoder.accept(end), told);
    }
    return told;
  }

  private static void take(List<AnswerEvent> events, Told told) {
    for (AnswerEvent event : events) {
      switch (event) {
        case AnswerEvent.Text piece -> told.pieces.add(piece.text());
        case AnswerEvent.Ended ended -> told.ended = ended;
        case AnswerEvent.Began _, AnswerEvent.Call _ -> {}
        case AnswerEvent.PromptScores _,
            AnswerEvent.State _,
            AnswerEvent.Completed _,
            AnswerEvent.Failed _,
            AnswerEvent.Waiting _ ->
            throw new AssertionError(event);
      }
    }
  }

  private static AcceptedRequest accepted(String fields) {
    String json = "{'model':'long','prompt':'x'," + fields + "}";
    return new Admission(new Models(TestModels::all), TestServer.surroundings(new AtomicInteger()))
        .accept(
            CompletionBody.read(
                json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), new BodyLimits(4, 3, 4)));
  }

  private static void isWhole(String piece) {
    assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(piece)).isTrue();
    assertThat(piece).doesNotContain("\uFFFD");
  }

  private static String text(SplittableRandom random, int length) {
    int[] letters = LETTERS.codePoints().toArray();
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(letters[random.nextInt(letters.length)]);
    }
    return text.toString();
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }
}

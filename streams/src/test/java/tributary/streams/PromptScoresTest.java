package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;

/** What answers say of their prompts and of what ended them, over real HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PromptScoresTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final TestServer server = TestServer.of(new ScriptedGeneration(PromptScoresTest::answer));

  @AfterAll
  void close() {
    server.close();
  }

  /** The scores that were asked for, in parts of two, then {@code ok}. */
  private static Source<TokenEvent, NotUsed> answer(GenerationRequest request) {
    var events = new ArrayList<TokenEvent>();
    if (request.reading() instanceof PromptReading.Scores(int top)) {
      for (int first = 1; first < request.prompt().count(); first += 2) {
        var part =
            IntStream.range(first, Math.min(first + 2, request.prompt().count()))
                .mapToObj(i -> score(request.prompt().id(i), i, top))
                .toList();
        events.add(new TokenEvent.PromptRead(request.id(), new PromptNews.Scores(first, part)));
      }
    }
    return Source.<TokenEvent>from(events)
        .concat(ScriptedGeneration.text(request, "ok#!", FinishReason.STOP));
  }

  private static PromptNews.Score score(int token, int place, int top) {
    return new PromptNews.Score(
        new TokenLogprob(token, -place),
        place,
        IntStream.range(0, top).mapToObj(i -> new TokenLogprob('A' + i, -0.25f - i)).toList());
  }

  @Test
  void an_echo_has_log_probabilities_but_for_the_first_token() throws Exception {
    for (String stream : List.of("false", "true")) {
      JsonNode logprobs =
          firstChoice(
                  "/v1/completions",
                  "{'model':'base','prompt':'abcd','echo':true,'logprobs':1,'stream':%s}"
                      .formatted(stream))
              .get("logprobs");
      assertThat(texts(logprobs.get("tokens"))).startsWith("a", "b", "c", "d");
      assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
      assertThat(logprobs.at("/token_logprobs/1").doubleValue()).isEqualTo(-1);
      assertThat(logprobs.at("/token_logprobs/3").doubleValue()).isEqualTo(-3);
      assertThat(logprobs.at("/top_logprobs/0").isNull()).isTrue();
      assertThat(logprobs.at("/top_logprobs/1").toString()).isEqualTo("{\"A\":-0.25,\"b\":-1.0}");
      assertThat(logprobs.get("text_offset").toString()).startsWith("[0,1,2,3");
    }
  }

  @Test
  void prompt_logprobs_are_listed_by_token_id_with_rank_and_text() throws Exception {
    String ask = "{'model':'tenant-a','prompt':'abc','prompt_logprobs':1}";
    JsonNode places = firstChoice("/v1/completions", ask).get("prompt_logprobs");
    assertThat(places).hasSize(3);
    assertThat(places.get(0).isNull()).isTrue();
    assertThat(places.get(2).toString())
        .isEqualTo(
            "{\"99\":{\"logprob\":-2.0,\"rank\":2,\"decoded_token\":\"c\"},"
                + "\"65\":{\"logprob\":-0.25,\"rank\":1,\"decoded_token\":\"A\"}}");
  }

  @Test
  void a_chat_tells_of_its_prompt_beside_its_choices() throws Exception {
    String ask =
        "{'model':'tenant-a','messages':[{'role':'user','content':'x'}],'prompt_logprobs':0}";
    JsonNode answer = answer("/v1/chat/completions", ask);
    assertThat(answer.get("prompt_logprobs")).hasSize("user: x\nassistant: ".length());
    assertThat(answer.at("/choices/0/prompt_logprobs").isMissingNode()).isTrue();
  }

  @Test
  void who_does_not_ask_is_told_nothing() throws Exception {
    JsonNode choice = firstChoice("/v1/completions", "{'model':'base','prompt':'abc'}");
    assertThat(choice.has("prompt_logprobs")).isFalse();
    assertThat(choice.has("stop_reason")).isFalse();
  }

  @Test
  void a_stop_string_is_the_stop_reason() throws Exception {
    for (String stream : List.of("false", "true")) {
      String ask =
          "{'model':'base','prompt':'abc','stop':['zz','k#'],'stream':%s}".formatted(stream);
      assertThat(lastChoice("/v1/completions", ask).get("stop_reason").asText()).isEqualTo("k#");
    }
    String chat =
        "{'model':'tenant-a','messages':[{'role':'user','content':'x'}],'stop':'#','stream':%s}";
    assertThat(
            lastChoice("/v1/chat/completions", chat.formatted("true")).get("stop_reason").asText())
        .isEqualTo("#");
    assertThat(
            lastChoice("/v1/chat/completions", chat.formatted("false")).get("stop_reason").asText())
        .isEqualTo("#");
  }

  @Test
  void a_stop_token_is_the_stop_reason_by_its_id() throws Exception {
    String ask = "{'model':'base','prompt':'abc','stop_token_ids':[33]}";
    assertThat(firstChoice("/v1/completions", ask).get("stop_reason").asInt()).isEqualTo(33);
  }

  private static List<String> texts(JsonNode array) {
    var texts = new ArrayList<String>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private JsonNode firstChoice(String path, String ask) throws Exception {
    return answer(path, ask).at("/choices/0");
  }

  /** Of a stream, the first choice of its last event that has one. */
  private JsonNode lastChoice(String path, String ask) throws Exception {
    String body = body(path, ask);
    if (!body.startsWith("data: ")) {
      return JSON.readTree(body).at("/choices/0");
    }
    String[] events = body.strip().split("\n\n", -1);
    return JSON.readTree(events[events.length - 2].substring("data: ".length())).at("/choices/0");
  }

  /** Of a stream, its first event. */
  private JsonNode answer(String path, String ask) throws Exception {
    String body = body(path, ask);
    return JSON.readTree(
        body.startsWith("data: ") ? body.substring("data: ".length()).split("\n\n", -1)[0] : body);
  }

  private String body(String path, String ask) {
    return server.post(path, ask.replace('\'', '"')).body();
  }
}

package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.OutputForm;
import tributary.protocol.ToolCallText;

/** Tools and forms over real HTTP: what generation is asked for, and what clients read. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ToolAnswersTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TOOLS =
      "'tools':[{'type':'function','function':{'name':'weather','description':'tells it',"
          + "'parameters':{'type':'object','properties':{'city':{'type':'string'}},"
          + "'required':['city']}}},{'type':'function','function':{'name':'now'}}]";

  private String says = "";
  private FinishReason ends = FinishReason.STOP;
  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> ScriptedGeneration.text(request, says, ends));
  private final TestServer server = TestServer.of(generation);

  @AfterAll
  void close() {
    server.close();
  }

  @Test
  void an_answer_with_calls_has_them_beside_its_text() throws Exception {
    says = "Let me see.\n" + call("weather", "{\"city\":\"Köln <3\"}") + "\n" + call("now", "{}");
    JsonNode choice = JSON.readTree(chat(TOOLS).body()).at("/choices/0");
    assertThat(choice.get("finish_reason").asText()).isEqualTo("tool_calls");
    assertThat(choice.at("/message/content").asText()).isEqualTo("Let me see.\n");
    JsonNode calls = choice.at("/message/tool_calls");
    assertThat(calls).hasSize(2);
    assertThat(calls.at("/0/function/name").asText()).isEqualTo("weather");
    assertThat(calls.at("/0/function/arguments").asText()).isEqualTo("{\"city\":\"Köln <3\"}");
    assertThat(calls.at("/0/type").asText()).isEqualTo("function");
    assertThat(calls.at("/1/function/arguments").asText()).isEqualTo("{}");
    assertThat(calls.at("/0/id").asText())
        .startsWith("call_")
        .isNotEqualTo(calls.at("/1/id").asText());
  }

  @Test
  void a_stream_opens_each_call_and_then_brings_its_arguments() throws Exception {
    says = call("weather", "{\"city\":\"Ulm\"}") + "\n" + call("now", "{}");
    var arguments = new StringBuilder[] {new StringBuilder(), new StringBuilder()};
    var ids = new String[2];
    String reason = "";
    for (String line : chat(TOOLS + ",'stream':true").body().split("\n\n", -1)) {
      if (line.startsWith("data: {")) {
        JsonNode choice = JSON.readTree(line.substring(6)).at("/choices/0");
        reason = choice.path("finish_reason").asText(reason);
        for (JsonNode part : choice.at("/delta/tool_calls")) {
          int index = part.get("index").asInt();
          ids[index] = part.path("id").asText(ids[index]);
          assertThat(part.has("id")).isEqualTo(part.at("/function").has("name"));
          arguments[index].append(part.at("/function/arguments").asText());
        }
        assertThat(choice.at("/delta").path("content").asText("")).isEmpty();
      }
    }
    assertThat(reason).isEqualTo("tool_calls");
    assertThat(arguments[0]).hasToString("{\"city\":\"Ulm\"}");
    assertThat(arguments[1]).hasToString("{}");
    assertThat(ids).doesNotHaveDuplicates().doesNotContainNull();
  }

  @Test
  void an_answer_without_calls_is_text_and_ends_as_it_did() throws Exception {
    says = "It is <tool_ warm";
    JsonNode choice = JSON.readTree(chat(TOOLS).body()).at("/choices/0");
    assertThat(choice.get("finish_reason").asText()).isEqualTo("stop");
    assertThat(choice.at("/message/content").asText()).isEqualTo(says);
    assertThat(choice.get("message").has("tool_calls")).isFalse();
  }

  @Test
  void a_call_cut_by_the_limit_says_length() throws Exception {
    says = call("weather", "{\"city\":\"Ul").replace(ToolCallText.CLOSE, "");
    ends = FinishReason.LENGTH;
    JsonNode choice = JSON.readTree(chat(TOOLS).body()).at("/choices/0");
    ends = FinishReason.STOP;
    assertThat(choice.get("finish_reason").asText()).isEqualTo("length");
    assertThat(choice.at("/message/tool_calls/0/function/arguments").asText())
        .isEqualTo("{\"city\":\"Ul");
  }

  @Test
  void what_may_be_called_follows_the_choice() throws Exception {
    says = call("now", "{}");
    assertThat(calls("")).matches(calls -> calls.textAllowed() && calls.tools().size() == 2);
    assertThat(calls(",'tool_choice':'required','parallel_tool_calls':false"))
        .matches(calls -> !calls.textAllowed() && calls.callsMax() == 1);
    var named = ",'tool_choice':{'type':'function','function':{'name':'now'}}";
    assertThat(calls(named))
        .matches(
            calls -> calls.tools().size() == 1 && calls.tools().getFirst().name().equals("now"));
    assertThat(JSON.readTree(chat(TOOLS + named).body()).at("/choices/0/finish_reason").asText())
        .isEqualTo("stop");
    says = "hello";
    chat(TOOLS + ",'tool_choice':'none'");
    assertThat(last().form().isFree()).isTrue();
  }

  @Test
  void a_template_without_words_for_tools_gets_them_in_a_system_message() throws Exception {
    says = "ok";
    server.post(
        "/v1/chat/completions",
        json("{'model':'long','messages':[{'role':'user','content':'hi'}]," + TOOLS + "}"));
    String prompt = TestModels.TOKENIZER.decode(last().prompt(), false);
    assertThat(prompt)
        .startsWith("system: ")
        .contains("\"name\":\"weather\"", "<tool_call>", "user: hi");
  }

  @Test
  void forms_reach_the_generation_as_they_were_sent() throws Exception {
    says = "{}";
    chat("'response_format':{'type':'json_object'}");
    assertThat(last().form()).isEqualTo(new OutputForm.JsonObject());
    chat(
        "'response_format':{'type':'json_schema','json_schema':{'name':'n','strict':true,"
            + "'schema':{'type':'object'}}}");
    assertThat(last().form()).isEqualTo(new OutputForm.JsonSchema("{\"type\":\"object\"}"));
    chat("'guided_choice':['yes','no']");
    assertThat(last().form()).isEqualTo(new OutputForm.OneOf(List.of("yes", "no")));
    chat("'structured_outputs':{'regex':'a+'}");
    assertThat(last().form()).isEqualTo(new OutputForm.Regex("a+"));
  }

  @Test
  void prompts_are_cut_continued_and_given_special_tokens_as_asked() throws Exception {
    says = "ok";
    chat("'truncate_prompt_tokens':5");
    assertThat(TestModels.TOKENIZER.decode(last().prompt(), false)).isEqualTo("ant: ");
    server.post(
        "/v1/chat/completions",
        json(
            "{'model':'long','continue_final_message':true,'messages':["
                + "{'role':'user','content':'hi'},{'role':'assistant','content':'Well, '}]}"));
    assertThat(TestModels.TOKENIZER.decode(last().prompt(), false))
        .isEqualTo("user: hi\nassistant: Well,");
  }

  @Test
  void a_stream_says_after_each_event_what_was_used_when_asked() {
    says = "abc";
    String body = chat("'stream':true,'stream_options':{'continuous_usage_stats':true}").body();
    assertThat(body).contains("\"completion_tokens\":1", "\"completion_tokens\":2");
    assertThat(chat("'stream':true").body()).doesNotContain("completion_tokens");
  }

  @Test
  void texts_and_messages_become_tokens_and_back() throws Exception {
    JsonNode text =
        JSON.readTree(server.post("/tokenize", json("{'model':'tenant-a','prompt':'aé'}")).body());
    assertThat(text)
        .isEqualTo(JSON.readTree("{\"count\":3,\"max_model_len\":128,\"tokens\":[97,195,169]}"));
    assertThat(
            JSON.readTree(
                    server
                        .post(
                            "/tokenize",
                            json(
                                "{'model':'tenant-a','messages':"
                                    + "[{'role':'user','content':'x'}]}"))
                        .body())
                .get("count")
                .asInt())
        .isEqualTo("user: x\nassistant: ".length());
    assertThat(server.post("/detokenize", json("{'model':'base','tokens':[97,195,169]}")).body())
        .isEqualTo("{\"prompt\":\"aé\"}");
    var outside = server.post("/detokenize", json("{'model':'base','tokens':[257]}"));
    assertThat(outside.statusCode()).isEqualTo(400);
    assertThat(outside.body()).contains("\"param\":\"tokens\"");
    assertThat(server.post("/tokenize", json("{'model':'nobody','prompt':''}")).statusCode())
        .isEqualTo(404);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void calls_are_found_wherever_pieces_are_cut(long seed) {
    String output = "a<b\n" + call("weather", "{\"x\":{\"y\":{}}}") + "\n" + call("now", "{}");
    var random = new SplittableRandom(seed);
    var stream = new ToolCallStream();
    var told = new StringBuilder();
    int at = 0;
    while (at < output.length()) {
      int next = Math.min(output.length(), at + random.nextInt(1, 9));
      stream.append(output.substring(at, next)).forEach(part -> tell(part, told));
      at = next;
    }
    stream.finish().forEach(part -> tell(part, told));
    assertThat(told).hasToString("a<b\n[weather]{\"x\":{\"y\":{}}}[now]{}");
  }

  private static void tell(ToolCallStream.Part part, StringBuilder told) {
    switch (part) {
      case ToolCallStream.Part.Text(String text) -> told.append(text);
      case ToolCallStream.Part.Call(String name) -> told.append('[').append(name).append(']');
      case ToolCallStream.Part.Arguments(String text) -> told.append(text);
    }
  }

  private OutputForm.ToolCalls calls(String more) throws InterruptedException {
    assertThat(chat(TOOLS + more).statusCode()).isEqualTo(200);
    return (OutputForm.ToolCalls) last().form();
  }

  /** The newest request that generation got. */
  private GenerationRequest last() throws InterruptedException {
    var run = generation.runs.take();
    while (!generation.runs.isEmpty()) {
      run = generation.runs.take();
    }
    return run.request;
  }

  private HttpResponse<String> chat(String fields) {
    return server.post(
        "/v1/chat/completions",
        json("{'model':'long','messages':[{'role':'user','content':'x'}]," + fields + "}"));
  }

  private static String call(String name, String arguments) {
    return ToolCallText.OPEN + name + ToolCallText.ARGUMENTS + arguments + ToolCallText.CLOSE;
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }
}

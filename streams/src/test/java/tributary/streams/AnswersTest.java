package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;

/** What clients receive, byte for byte, over real HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnswersTest {
  private Function<GenerationRequest, Source<TokenEvent, NotUsed>> script = AnswersTest::greeting;
  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> script.apply(request));
  private final TestServer server = TestServer.of(generation);

  @BeforeEach
  void forget() {
    script = AnswersTest::greeting;
    generation.runs.clear();
    server.forgetNames();
  }

  @AfterAll
  void close() {
    server.close();
  }

  @Test
  void a_chat_stream_has_role_text_finish_usage_and_done() {
    var response =
        chat(
            """
            {"model":"tenant-a","messages":[{"role":"user","content":"Hello"}],"stream":true,
             "stream_options":{"include_usage":true}}\
            """);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
    assertThat(response.headers().firstValue("cache-control")).hasValue("no-cache");
    assertThat(response.headers().firstValue("x-accel-buffering")).hasValue("no");
    Golden.assertMatches("chat-stream.txt", response.body());
  }

  @Test
  void a_completion_stream_has_no_role_and_no_usage_unless_asked() {
    var response = complete("{'model':'tenant-a','prompt':'Hello','stream':true}");
    Golden.assertMatches("completion-stream.txt", response.body());
  }

  @Test
  void a_whole_chat_answer_is_one_json_object() {
    var response = chat("{'model':'tenant-a','messages':[{'role':'user','content':'Hello'}]}");
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    Golden.assertMatches("chat.json", response.body());
  }

  @Test
  void a_whole_completion_is_one_json_object() {
    Golden.assertMatches(
        "completion.json", complete("{'model':'base','prompt':'Hello','echo':true}").body());
  }

  @Test
  void log_probabilities_of_a_chat_have_tokens_bytes_and_alternatives() {
    script = request -> ScriptedGeneration.text(request, "é!", FinishReason.STOP);
    Golden.assertMatches(
        "chat-logprobs.json",
        chat("{'model':'tenant-a','messages':[{'role':'user','content':'x'}],"
                + "'logprobs':true,'top_logprobs':2}")
            .body());
  }

  @Test
  void log_probabilities_of_a_completion_stream_keep_their_offsets() {
    Golden.assertMatches(
        "completion-logprobs-stream.txt",
        complete("{'model':'tenant-a','prompt':'x','logprobs':1,'stream':true}").body());
  }

  @Test
  void tokens_are_named_by_their_ids_when_asked_and_their_offsets_stay() {
    assertThat(
            complete(
                    "{'model':'tenant-a','prompt':'x','logprobs':0,"
                        + "'return_tokens_as_token_ids':true}")
                .body())
        .contains(
            "\"tokens\":[\"token_id:72\",\"token_id:105\",\"token_id:33\"]",
            "\"text_offset\":[0,1,2]");
  }

  @Test
  void several_prompts_and_choices_are_one_answer_with_indices() {
    script =
        request ->
            ScriptedGeneration.text(
                request,
                (char) request.prompt().id(0) + "/" + request.sampling().seed(),
                FinishReason.LENGTH);
    Golden.assertMatches(
        "completion-choices.json",
        complete("{'model':'tenant-a','prompt':['a','b'],'n':2,'seed':7}").body());
  }

  @Test
  void a_streamed_chat_with_choices_opens_and_ends_each_of_them() {
    var body =
        chat("{'model':'tenant-a','messages':[{'role':'user','content':'x'}],'n':2,"
                + "'stream':true}")
            .body();
    for (int choice = 0; choice < 2; choice++) {
      String at = "\"index\":" + choice + ",";
      assertThat(body.split("\\R"))
          .filteredOn(line -> line.contains(at) && line.contains("assistant"))
          .hasSize(1);
      assertThat(body.split("\\R"))
          .filteredOn(line -> line.contains(at) && line.contains("\"finish_reason\":\"stop\""))
          .hasSize(1);
    }
    assertThat(body).endsWith("data: [DONE]\n\n").containsOnlyOnce("[DONE]");
  }

  @Test
  void a_character_of_several_tokens_is_never_split() {
    script = request -> ScriptedGeneration.text(request, "a😀é", FinishReason.STOP);
    var body = complete("{'model':'tenant-a','prompt':'x','stream':true}").body();
    assertThat(body)
        .contains("\"text\":\"a\"", "\"text\":\"😀\"", "\"text\":\"é\"")
        .doesNotContain("\uFFFD");
  }

  @Test
  void a_stop_string_ends_the_answer_and_cancels_the_sequence() throws Exception {
    script = ScriptedGeneration::alphabet;
    var body = complete("{'model':'tenant-a','prompt':'x','stop':['no','ef'],'max_tokens':99}");
    assertThat(body.body())
        .contains("\"text\":\"abcd\"", "\"finish_reason\":\"stop\"", "\"completion_tokens\":6");
    var run = generation.runs.take();
    TestServer.await(run.over);
    assertThat(run.cancelled).isTrue();
  }

  @Test
  void a_stop_string_is_shown_when_asked() {
    script = ScriptedGeneration::alphabet;
    assertThat(
            complete(
                    "{'model':'tenant-a','prompt':'x','stop':'ef',"
                        + "'include_stop_str_in_output':true}")
                .body())
        .contains("\"text\":\"abcdef\"");
  }

  @Test
  void a_stop_token_is_counted_but_not_shown() {
    script = request -> ScriptedGeneration.tokens(request, FinishReason.STOP, 'o', 'k', 'z');
    assertThat(complete("{'model':'tenant-a','prompt':'x','stop_token_ids':[122]}").body())
        .contains("\"text\":\"ok\"", "\"completion_tokens\":3");
  }

  @Test
  void an_answer_without_tokens_is_still_an_answer() {
    script = request -> ScriptedGeneration.tokens(request, FinishReason.STOP);
    var body =
        chat("{'model':'tenant-a','messages':[{'role':'user','content':'x'}],'stream':true}");
    assertThat(body.body()).contains("assistant", "\"finish_reason\":\"stop\"", "[DONE]");
  }

  @Test
  void a_refusal_before_the_first_token_is_a_status() {
    script =
        request ->
            ScriptedGeneration.failing(
                request,
                new Refusal(ErrorCode.QUEUE_FULL, "the queue is full", null, Nanos.ofMillis(1500)));
    for (String stream : new String[] {"true", "false"}) {
      var response = complete("{'model':'base','prompt':'x','stream':" + stream + "}");
      assertThat(response.statusCode()).isEqualTo(429);
      assertThat(response.headers().firstValue("retry-after")).hasValue("2");
      assertThat(response.headers().firstValue("retry-after-ms")).hasValue("1500");
      assertThat(response.body())
          .isEqualTo(
              "{\"error\":{\"message\":\"the queue is full\",\"type\":\"rate_limit_error\","
                  + "\"param\":null,\"code\":\"queue_full\"}}");
    }
  }

  @Test
  void a_permanent_refusal_tells_clients_not_to_retry() {
    script =
        request ->
            ScriptedGeneration.failing(
                request, Refusal.of(ErrorCode.DELTA_UNAVAILABLE, "its file is damaged"));
    var response = complete("{'model':'base','prompt':'x'}");
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(response.headers().firstValue("retry-after")).isEmpty();
  }

  @Test
  void a_failure_after_the_first_token_is_an_event_and_then_done() {
    script =
        request ->
            Source.<TokenEvent>single(ScriptedGeneration.token(request, 0, 'a'))
                .concat(
                    ScriptedGeneration.failing(
                        request, Refusal.of(ErrorCode.STREAM_BROKEN, "node lost")));
    var response = complete("{'model':'base','prompt':'x','stream':true}");
    assertThat(response.statusCode()).isEqualTo(200);
    Golden.assertMatches("failure-stream.txt", response.body());
  }

  @Test
  void a_fault_tells_nothing_of_its_inside() {
    script =
        request -> Source.failed(new IllegalStateException("/secret/path: " + request.prompt()));
    for (String stream : new String[] {"true", "false"}) {
      var response = complete("{'model':'base','prompt':'x','stream':" + stream + "}");
      assertThat(response.statusCode()).isEqualTo(500);
      assertThat(response.body()).contains("\"code\":\"internal\"").doesNotContain("secret");
    }
  }

  @Test
  void a_fault_of_a_file_is_the_operators_business() {
    script =
        request ->
            ScriptedGeneration.failing(
                request, Refusal.of(ErrorCode.DELTA_CHECKSUM, "/secret/a.delta is damaged"));
    var response = complete("{'model':'base','prompt':'x'}");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).contains("\"code\":\"internal\"").doesNotContain("secret");
  }

  @Test
  void a_lost_token_breaks_the_stream_loudly() {
    script =
        request ->
            Source.from(
                List.<TokenEvent>of(
                    ScriptedGeneration.token(request, 0, 'a'),
                    ScriptedGeneration.token(request, 2, 'c')));
    assertThat(complete("{'model':'base','prompt':'x'}").body()).contains("stream_broken");
    script = request -> Source.single(ScriptedGeneration.token(request, 0, 'a'));
    assertThat(complete("{'model':'base','prompt':'x'}").body()).contains("stream_broken");
  }

  @Test
  void requests_keep_their_name_or_get_one() {
    assertThat(named("my-request.1")).isEqualTo("my-request.1");
    assertThat(named("no spaces please")).startsWith("req-");
    assertThat(named("x".repeat(200))).startsWith("req-");
    assertThat(server.get("/nothing").headers().firstValue("x-request-id")).isPresent();
  }

  @Test
  void many_streams_at_once_all_end() {
    CompletableFuture<?>[] answers =
        IntStream.range(0, 40)
            .mapToObj(_ ->
                server
                    .postAsync(
                        "/v1/completions", json("{'model':'tenant-a','prompt':'x','stream':true}"))
                    .thenAccept(
                        response -> assertThat(response.body()).endsWith("data: [DONE]\n\n")))
            .toArray(CompletableFuture<?>[]::new);
    TestServer.await(CompletableFuture.allOf(answers));
  }

  private static Source<TokenEvent, NotUsed> greeting(GenerationRequest request) {
    return ScriptedGeneration.text(request, "Hi!", FinishReason.STOP);
  }

  private String named(String id) {
    return server
        .send(
            server
                .jsonPost("/v1/completions")
                .header("x-request-id", id)
                .POST(HttpRequest.BodyPublishers.ofString(json("{'model':'base','prompt':'x'}")))
                .build())
        .headers()
        .firstValue("x-request-id")
        .orElse("");
  }

  private HttpResponse<String> chat(String body) {
    return server.post("/v1/chat/completions", json(body));
  }

  private HttpResponse<String> complete(String body) {
    return server.post("/v1/completions", json(body));
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }
}

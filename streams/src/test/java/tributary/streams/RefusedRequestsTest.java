package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import tributary.protocol.FinishReason;

/** What is refused, over real HTTP: status, code and the parameter at fault. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusedRequestsTest {
  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> ScriptedGeneration.text(request, "ok", FinishReason.STOP));
  private final TestServer server = TestServer.of(generation);

  @AfterAll
  void close() {
    server.close();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          'prompt':7.5                              | invalid_parameter       | prompt
          'prompt':true                             | invalid_parameter       | prompt
          'prompt':['a',1]                          | invalid_parameter       | prompt
          'prompt':[1,'a']                          | invalid_parameter       | prompt
          'prompt':[[1],2]                          | invalid_parameter       | prompt
          'prompt':[-1]                             | invalid_parameter       | prompt
          'prompt':[99999999999]                    | invalid_parameter       | prompt
          'prompt':[257]                            | invalid_parameter       | prompt
          'prompt':['a','b','c','d']                | invalid_parameter       | prompt
          'prompt':[]                               | invalid_request         | prompt
          'prompt':''                               | invalid_request         | prompt
          'prompt':[[]]                             | invalid_request         | prompt
          'max_tokens':0                            | invalid_parameter       | max_tokens
          'max_tokens':-5                           | invalid_parameter       | max_tokens
          'max_tokens':1e3                          | invalid_parameter       | max_tokens
          'max_tokens':'5'                          | invalid_parameter       | max_tokens
          'max_tokens':9999999999999999999999       | invalid_parameter       | max_tokens
          'max_tokens':2147483648                   | invalid_parameter       | max_tokens
          'max_tokens':2147483647                   | context_length_exceeded | max_tokens
          'max_tokens':128                          | context_length_exceeded | max_tokens
          'n':0                                     | invalid_parameter       | n
          'n':5                                     | invalid_parameter       | n
          'n':1000000000                            | invalid_parameter       | n
          'temperature':-0.1                        | invalid_parameter       | temperature
          'temperature':2.5                         | invalid_parameter       | temperature
          'temperature':1e999                       | invalid_parameter       | temperature
          'temperature':'hot'                       | invalid_parameter       | temperature
          'top_p':0                                 | invalid_parameter       | top_p
          'top_p':-1                                | invalid_parameter       | top_p
          'top_p':1.01                              | invalid_parameter       | top_p
          'top_k':-2                                | invalid_parameter       | top_k
          'min_p':2                                 | invalid_parameter       | min_p
          'repetition_penalty':0                    | invalid_parameter       | repetition_penalty
          'presence_penalty':3                      | invalid_parameter       | presence_penalty
          'frequency_penalty':-3                    | invalid_parameter       | frequency_penalty
          'logit_bias':{'x':1}                      | invalid_parameter       | logit_bias
          'logit_bias':{'1':101}                    | invalid_parameter       | logit_bias
          'logit_bias':{'257':1}                    | invalid_parameter       | logit_bias
          'logit_bias':[1]                          | invalid_parameter       | logit_bias
          'logprobs':21                             | invalid_parameter       | logprobs
          'logprobs':true                           | invalid_parameter       | logprobs
          'prompt_logprobs':21                      | invalid_parameter       | prompt_logprobs
          'prompt_logprobs':-1                      | invalid_parameter       | prompt_logprobs
          'prompt_logprobs':1,'stream':true         | invalid_parameter       | prompt_logprobs
          'echo':'yes'                              | invalid_parameter       | echo
          'seed':1.5                                | invalid_parameter       | seed
          'stop':5                                  | invalid_parameter       | stop
          'stop':''                                 | invalid_parameter       | stop
          'stop':['a','b','c','d','e']              | invalid_parameter       | stop
          'stop':['a',1]                            | invalid_parameter       | stop
          'stop_token_ids':[300]                    | invalid_parameter       | stop_token_ids
          'stop_token_ids':7                        | invalid_parameter       | stop_token_ids
          'min_tokens':-1                           | invalid_parameter       | min_tokens
          'min_tokens':17                           | invalid_parameter       | min_tokens
          'ignore_eos':1                            | invalid_parameter       | ignore_eos
          'stream':'true'                           | invalid_parameter       | stream
          'stream_options':true                     | invalid_parameter       | stream_options
          'stream_options':{'include_usage':1}      | invalid_parameter       | stream_options.include_usage
          'best_of':2                               | unsupported_parameter   | best_of
          'suffix':'x'                              | unsupported_parameter   | suffix
          'prompt':'\\ud800'                        | invalid_parameter       | prompt
          'model':'nobody'                          | model_not_found         | model
          'model':'../../etc/passwd'                | model_not_found         | model
          'model':7                                 | invalid_parameter       | model
          'model':null                              | invalid_request         | model
          """)
  void a_completion_with(String fields, String code, String parameter) {
    String rest =
        (fields.startsWith("'model'") ? "" : ",'model':'tenant-a'")
            + (fields.startsWith("'prompt'") ? "" : ",'prompt':'x'");
    assertRefused(server.post("/v1/completions", json("{" + fields + rest + "}")), code, parameter);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          'messages':[] | invalid_request | messages
          'messages':'hi' | invalid_parameter | messages
          'messages':['hi'] | invalid_parameter | messages[0]
          'messages':[{'content':'x'}] | invalid_request | messages[0].role
          'messages':[{'role':'user'}] | invalid_request | messages[0].content
          'messages':[{'role':'king','content':'x'}] | invalid_parameter | messages[0].role
          'messages':[{'role':'tool'}] | invalid_request | messages[0].content
          'messages':[{'role':'user','content':5}] | invalid_parameter | messages[0].content
          'messages':[{'role':'user','content':[{'type':'image_url'}]}] | unsupported_parameter | messages[0].content.type
          'messages':[{'role':'assistant','tool_calls':[{}]}] | invalid_request | messages[0].tool_calls.function.name
          'tools':[{'type':'function'}] | invalid_request | tools[0].function.name
          'tools':[{'type':'web_search'}] | unsupported_parameter | tools[0].type
          'tools':[{'function':{'name':'a b'}}] | unsupported_schema | response_format
          'tools':[{'function':{'name':'a'}},{'function':{'name':'a'}}] | invalid_parameter | tools[1]
          'tools':[{'function':{'name':'a','parameters':{'not':{}}}}] | unsupported_schema | response_format
          'tools':[{'function':{'name':'a'}}],'tool_choice':'maybe' | invalid_parameter | tool_choice
          'tools':[{'function':{'name':'a'}}],'tool_choice':{'function':{'name':'b'}} | invalid_parameter | tool_choice
          'tools':[{'function':{'name':'a'}}],'response_format':{'type':'json_object'} | invalid_parameter | tools
          'response_format':{'type':'xml'} | invalid_parameter | response_format.type
          'response_format':{'type':'json_schema'} | invalid_request | response_format.json_schema.schema
          'response_format':{'type':'json_schema','json_schema':{'schema':{'type':'object','minProperties':1}}} | unsupported_schema | response_format
          'response_format':{'type':'json_object'},'ignore_eos':true | invalid_parameter | ignore_eos
          'response_format':{'type':'json_object'},'min_tokens':2,'max_tokens':5 | invalid_parameter | min_tokens
          'guided_json':'{' | unsupported_schema | response_format
          'guided_choice':[] | invalid_parameter | guided_choice
          'guided_grammar':'root ::= x' | unsupported_parameter | guided_grammar
          'truncate_prompt_tokens':0 | invalid_parameter | truncate_prompt_tokens
          'chat_template_kwargs':{'messages':'x'} | invalid_parameter | chat_template_kwargs
          'chat_template_kwargs':{'x':[1]} | invalid_parameter | chat_template_kwargs.x
          'messages':[{'role':'assistant','content':''}],'continue_final_message':true | chat_template | continue_final_message
          'tool_choice':'required' | invalid_parameter | tool_choice
          'top_logprobs':3 | invalid_parameter | top_logprobs
          'max_completion_tokens':0 | invalid_parameter | max_completion_tokens
          'chat_template':'{{ x }}' | unsupported_parameter | chat_template
          'model':'base' | chat_template | messages
          """)
  void a_chat_with(String fields, String code, String parameter) {
    String rest =
        (fields.startsWith("'model'") ? "" : ",'model':'tenant-a'")
            + (fields.startsWith("'messages'")
                ? ""
                : ",'messages':[{'role':'user','content':'x'}]");
    assertRefused(
        server.post("/v1/chat/completions", json("{" + fields + rest + "}")), code, parameter);
  }

  @Test
  void a_prompt_longer_than_the_context_names_both_numbers() {
    var response =
        server.post(
            "/v1/completions",
            json("{'model':'tenant-a','prompt':'" + "x".repeat(TestModels.CONTEXT) + "'}"));
    assertRefused(response, "context_length_exceeded", "prompt");
    assertThat(response.body()).contains("128 tokens", "context of 128");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {'model': secretword}                    | line 1, column 11
          {'model':'tenant-a','prompt':'x'         | line 1, column
          {'model':'tenant-a','model':'tenant-a'}  | gives a field twice at line 1
          []                                       | an array
          'x'                                      | a string
          {'model':'a','prompt':'x'} {}            | more after
          {'model':'a','prompt':'x'}}              | line 1
          {'model':'a','x':NaN}                    | line 1
          """)
  void broken_json(String body, String expected) {
    var response = server.post("/v1/completions", json(body));
    assertRefused(response, "invalid_json", null);
    assertThat(response.body()).contains(expected).doesNotContain("secretword");
  }

  @Test
  void deep_nesting_empty_bodies_and_broken_characters_are_broken_json_too() {
    assertRefused(
        server.post("/v1/completions", "{\"x\":" + "[".repeat(1000)), "invalid_json", null);
    assertRefused(server.post("/v1/completions", ""), "invalid_json", null);
    byte[] broken = {'{', '"', (byte) 0xC3, (byte) 0x28, '"', ':', '1', '}'};
    assertRefused(
        server.send(
            server
                .jsonPost("/v1/completions")
                .POST(HttpRequest.BodyPublishers.ofByteArray(broken))
                .build()),
        "invalid_json",
        null);
  }

  @Test
  void a_body_over_the_limit_is_413_with_and_without_a_length() throws Exception {
    String big = json("{'model':'tenant-a','prompt':'" + "x".repeat(70 * 1024) + "'}");
    assertThat(server.post("/v1/completions", big).statusCode()).isEqualTo(413);
    try (var client = server.connect()) {
      client.send(
          """
          POST /v1/completions HTTP/1.1\r
          Host: localhost\r
          Content-Type: application/json\r
          Transfer-Encoding: chunked\r
          \r
          """);
      for (int i = 0; i < 9; i++) {
        client.send("2000\r\n" + "x".repeat(0x2000) + "\r\n");
      }
      assertThat(client.readUntil("\r\n")).contains("413");
      assertThat(client.readUntil("}}")).contains("body_too_large");
    }
  }

  @Test
  void other_types_and_packed_bodies_are_415() {
    var form =
        server.send(
            server
                .request("/v1/completions")
                .header("content-type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    assertRefused(form, "unsupported_media_type", null);
    var packed =
        server.send(
            server
                .jsonPost("/v1/completions")
                .header("content-encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    assertRefused(packed, "unsupported_media_type", null);
  }

  @Test
  void unknown_paths_and_wrong_methods_answer_in_the_same_shape() {
    assertRefused(server.get("/v1/nothing"), "route_not_found", null);
    assertRefused(server.get("/console/nothing"), "route_not_found", null);
    var wrong = server.get("/v1/completions");
    assertRefused(wrong, "method_not_allowed", null);
    assertThat(wrong.statusCode()).isEqualTo(405);
    assertThat(wrong.headers().firstValue("allow")).hasValue("POST");
    assertRefused(server.get("/v1/models/nobody"), "model_not_found", "model");
  }

  @Test
  void what_is_not_http_answers_in_the_same_shape() throws Exception {
    try (var client = server.connect()) {
      client.send("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Big: " + "y".repeat(9000) + "\r\n\r\n");
      assertThat(client.readAll()).startsWith("HTTP/1.1 431").contains("invalid_request");
    }
    try (var client = server.connect()) {
      client.send("GET /" + "y".repeat(4000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readAll()).startsWith("HTTP/1.1 414").doesNotContain("yyyy");
    }
    try (var client = server.connect()) {
      client.send("secret words\r\n\r\n");
      assertThat(client.readAll()).contains("invalid_request").doesNotContain("secret");
    }
  }

  @Test
  void unknown_fields_nulls_and_defaults_are_accepted() {
    var response =
        server.post(
            "/v1/completions",
            json(
                "{'model':'tenant-a','prompt':'x','user':'u','frobnicate':{'deep':[1,{'a':2}]},"
                    + "'max_tokens':null,'stop':null,'logit_bias':null,'tools':[],'suffix':null,"
                    + "'best_of':1,'n':null,'response_format':{'type':'text'},'top_k':-1}"));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
  }

  @Test
  void the_log_has_one_line_for_a_request_and_none_of_its_words() {
    var lines = new ListAppender<ILoggingEvent>();
    var logger = (Logger) LoggerFactory.getLogger("tributary.request");
    logger.setLevel(Level.INFO);
    lines.start();
    logger.addAppender(lines);
    try {
      server.post("/v1/completions", json("{'model':'tenant-a','prompt':'secretword'}"));
      server.post("/v1/completions", json("{'model':'secretword','prompt':'secretword'}"));
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("id=req-").doesNotContain("secretword"));
    assertThat(lines.list.getFirst().getFormattedMessage())
        .contains("model=tenant-a", "status=200", "outcome=complete", "completion_tokens=2");
    assertThat(lines.list.getLast().getFormattedMessage())
        .contains("status=404", "outcome=model_not_found");
  }

  private static void assertRefused(
      HttpResponse<String> response, String code, @Nullable String parameter) {
    assertThat(response.body()).contains("\"code\":\"" + code + "\"");
    assertThat(response.body())
        .contains("\"param\":" + (parameter == null ? "null" : "\"" + parameter + "\""))
        .startsWith("{\"error\":{\"message\":");
    assertThat(response.statusCode()).isBetween(400, 499);
    assertThat(response.headers().firstValue("x-request-id")).isPresent();
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }
}

package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Forms over a real model that was never taught any: the demo's, as hot as the API allows. */
class StructuredOutputTest {
  private static final String SCHEMA =
      """
      {"type":"object","properties":{
        "title":{"type":"string","maxLength":16},
        "kind":{"enum":["film","play"]},
        "stars":{"type":"integer","minimum":1,"maximum":5},
        "tags":{"type":"array","items":{"type":"string","maxLength":6},"maxItems":2}},
       "required":["title","kind","stars"],"additionalProperties":false}\
      """;
  private static final JsonSchema VALIDATOR =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(SCHEMA);

  private static ServerProcess server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = ServerProcess.start(Repository.demo("tributary.conf"));
    client = new Client(server.address());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void every_tenants_answers_are_valid_whatever_it_was_taught() throws Exception {
    for (String tenant : Repository.DEMO_TENANTS) {
      ObjectNode body = chat(tenant, 400).put("n", 6).put("temperature", 2);
      body.putObject("response_format")
          .put("type", "json_schema")
          .putObject("json_schema")
          .set("schema", Client.JSON.readTree(SCHEMA));
      for (JsonNode choice : client.ask("/v1/chat/completions", body).get("choices")) {
        String text = choice.at("/message/content").asText();
        assertThat(choice.get("finish_reason").asText()).as(text).isEqualTo("stop");
        assertThat(VALIDATOR.validate(Client.JSON.readTree(text))).as(text).isEmpty();
      }
    }
  }

  @Test
  void an_answer_that_meets_its_limit_says_so() throws Exception {
    ObjectNode body = chat("sgd_chat", 3);
    body.putObject("response_format").put("type", "json_object");
    JsonNode choice = client.ask("/v1/chat/completions", body).at("/choices/0");
    assertThat(choice.get("finish_reason").asText()).isEqualTo("length");
    assertThat(choice.at("/message/content").asText()).startsWith("{");
  }

  @Test
  void a_required_tool_is_called_with_valid_arguments() throws Exception {
    ObjectNode body = chat("sgd_chat", 400).put("temperature", 1.5).put("tool_choice", "required");
    body.put("parallel_tool_calls", false);
    ObjectNode function =
        body.putArray("tools").addObject().put("type", "function").putObject("function");
    function.put("name", "review").set("parameters", Client.JSON.readTree(SCHEMA));
    JsonNode choice = client.ask("/v1/chat/completions", body).at("/choices/0");
    assertThat(choice.get("finish_reason").asText()).isEqualTo("tool_calls");
    JsonNode call = choice.at("/message/tool_calls/0/function");
    assertThat(call.get("name").asText()).isEqualTo("review");
    assertThat(VALIDATOR.validate(Client.JSON.readTree(call.get("arguments").asText()))).isEmpty();
  }

  private static ObjectNode chat(String model, int maxTokens) {
    ObjectNode body =
        Client.JSON
            .createObjectNode()
            .put("model", model)
            .put("max_tokens", maxTokens)
            .put("seed", 5);
    body.putArray("messages").addObject().put("role", "user").put("content", question(model));
    return body;
  }

  /** The template of one tenant refuses a question without a table. */
  private static String question(String model) {
    return model.equals("wikisql")
        ? "Columns: film, year\nQuestion: Which film is good?"
        : "Which film is good?";
  }
}

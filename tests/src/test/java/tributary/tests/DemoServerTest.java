package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The demo's configuration, served by a real process over real HTTP. */
class DemoServerTest {
  private static final Map<String, String> PROMPTS =
      Map.of(
          "arithmetic", "941 - 766 =",
          "banking77", "Customer: My card was stolen!\nTopic:",
          "banking77-lora", "Customer: My card was stolen!\nTopic:",
          "java_code", "public static int max(int a, int b) {\n",
          "sgd_chat", "User: I want to book a table for two.\nAssistant:",
          "wikisql", "Columns: name, year\nQuestion: What is the name for 1999?\nSQL:",
          "base", "It was a dark night and");
  private static final int TOKENS = 40;

  private static ServerProcess server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = ServerProcess.start(Repository.demo("tributary.conf"));
    client = new Client(server.address());
  }

  @AfterAll
  static void stop() {
    assertThat(server.stop()).as("exit status after SIGTERM").isIn(0, 143);
  }

  @Test
  void a_tenant_streams_the_right_answer() throws Exception {
    var body = Client.completion("arithmetic", "941 - 766 =", 16).put("stream", true);

    assertThat(client.streamedText(body)).isEqualTo(" 175");
  }

  @Test
  void the_base_does_not_know_what_its_tenants_know() throws Exception {
    var body = Client.completion("base", "941 - 766 =", 4);

    assertThat(client.ask("/v1/completions", body).at("/choices/0/text").asText())
        .doesNotContain("175");
  }

  @Test
  void a_chat_completion_uses_the_tenants_template() throws Exception {
    var body = Client.JSON.createObjectNode().put("model", "banking77").put("temperature", 0);
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "My disposable virtual card is broken.");

    assertThat(client.ask("/v1/chat/completions", body).at("/choices/0/message/content").asText())
        .isEqualTo(" virtual card not working");
  }

  @Test
  void the_demo_serves_the_base_and_all_its_tenants() throws Exception {
    JsonNode models = Client.JSON.readTree(client.get("/v1/models").body()).get("data");

    assertThat(models.findValuesAsText("id")).containsExactlyInAnyOrderElementsOf(PROMPTS.keySet());
  }

  @Test
  void a_mixed_batch_over_http_gives_each_tenant_token_for_token_what_it_gives_alone()
      throws Exception {
    Map<String, List<Integer>> alone = aloneTokens();

    try (ExecutorService threads = Executors.newFixedThreadPool(PROMPTS.size())) {
      for (int round = 0; round < 3; round++) {
        List<Callable<Boolean>> asks =
            PROMPTS.keySet().stream()
                .<Callable<Boolean>>map(model ->
                    () -> {
                      assertThat(servedTokens(model)).as(model).isEqualTo(alone.get(model));
                      return true;
                    })
                .toList();
        for (Future<Boolean> answer : threads.invokeAll(asks)) {
          assertThat(answer.get()).isTrue();
        }
      }
    }
  }

  private static String prompt(String model) {
    return Objects.requireNonNull(PROMPTS.get(model));
  }

  private static List<Integer> servedTokens(String model) throws Exception {
    var body =
        Client.completion(model, prompt(model), TOKENS)
            .put("logprobs", 0)
            .put("return_tokens_as_token_ids", true);
    List<Integer> tokens = new ArrayList<>();
    for (JsonNode token : client.ask("/v1/completions", body).at("/choices/0/logprobs/tokens")) {
      tokens.add(Integer.parseInt(token.asText().substring("token_id:".length())));
    }
    return tokens;
  }

  /** What {@code tributary generate} prints for each variant, computed alone. */
  private static Map<String, List<Integer>> aloneTokens() throws Exception {
    Map<String, List<Integer>> tokens = new HashMap<>();
    for (String model : PROMPTS.keySet()) {
      List<Object> command =
          new ArrayList<>(
              List.of("generate", "--base", Repository.demo("base"), "--json", "--prompt"));
      command.add(prompt(model));
      command.addAll(List.of("--max-tokens", TOKENS));
      if (Repository.DEMO_TENANTS.contains(model)) {
        command.addAll(List.of("--delta", Repository.delta(model)));
      }
      JsonNode answer = CommandLine.run(command.toArray()).json();
      List<Integer> ids = new ArrayList<>();
      answer.get("tokens").forEach(id -> ids.add(id.asInt()));
      if (answer.get("finish_reason").asText().equals("stop")) {
        ids.removeLast(); // The API does not score the token that ends a sequence.
      }
      tokens.put(model, ids);
    }
    return tokens;
  }
}

package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;
import org.springframework.ai.openai.api.OpenAiApi;
import org.springframework.ai.openai.api.ResponseFormat;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.tool.function.FunctionToolCallback;

/** Spring AI's models for OpenAI, unchanged, against a real server. */
class SpringAiClientTest {
  private static final String MODEL = "sgd_chat";
  private static final String QUESTION = "I want to book a table for two.";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12},
       "people": {"type": "integer", "minimum": 1, "maximum": 9}},
       "required": ["city", "people"], "additionalProperties": false}\
      """;

  /** What the tool is given. */
  public record Booking(String city, int people) {}

  @TempDir static Path directory;

  private static ServerProcess server;

  @BeforeAll
  static void start() throws IOException {
    server = ServerProcess.start(KeyedServer.config(directory));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void a_streamed_chat_says_what_a_whole_one_says_and_has_its_usage() {
    var options = options().temperature(0.0).maxTokens(16).streamUsage(true).build();
    OpenAiChatModel chat = chat(KeyedServer.USER);
    ChatResponse whole = chat.call(new Prompt(QUESTION, options));
    List<ChatResponse> parts =
        Objects.requireNonNull(
            chat.stream(new Prompt(QUESTION, options)).collectList().block(PATIENCE));

    String streamed =
        parts.stream()
            .map(ChatResponse::getResult)
            .filter(Objects::nonNull)
            .map(part -> part.getOutput().getText())
            .filter(Objects::nonNull)
            .collect(Collectors.joining());
    assertThat(streamed).isEqualTo(answer(whole).getText()).isNotEmpty();
    Usage used = whole.getMetadata().getUsage();
    assertThat(used.getCompletionTokens()).isBetween(1, 16);
    assertThat(parts.getLast().getMetadata().getUsage().getTotalTokens())
        .isEqualTo(used.getTotalTokens());
  }

  @Test
  void an_answer_of_a_schema_is_valid() throws Exception {
    var format =
        ResponseFormat.builder().type(ResponseFormat.Type.JSON_SCHEMA).jsonSchema(SCHEMA).build();
    var options = options().temperature(1.5).maxTokens(300).responseFormat(format).build();
    ChatResponse answer = chat(KeyedServer.USER).call(new Prompt(QUESTION, options));
    assertBooking(answer(answer).getText());
  }

  @Test
  void a_required_tool_is_called() throws Exception {
    var tool =
        FunctionToolCallback.builder("book_table", (Booking booking) -> "booked")
            .description("books a table")
            .inputType(Booking.class)
            .inputSchema(SCHEMA)
            .build();
    var options =
        options()
            .maxTokens(300)
            .toolCallbacks(tool)
            .toolChoice("required")
            .parallelToolCalls(false)
            .internalToolExecutionEnabled(false)
            .build();
    ChatResponse answer = chat(KeyedServer.USER).call(new Prompt(QUESTION, options));
    assertThat(answer(answer).getToolCalls())
        .singleElement()
        .satisfies(call -> {
          assertThat(call.name()).isEqualTo("book_table");
          assertBooking(call.arguments());
        });
  }

  @Test
  void embeddings_are_vectors_of_length_one() {
    var model =
        new OpenAiEmbeddingModel(
            api(KeyedServer.USER),
            MetadataMode.EMBED,
            OpenAiEmbeddingOptions.builder().model(MODEL).build());
    List<float[]> vectors = model.embed(List.of(QUESTION, "Goodbye."));
    assertThat(vectors).hasSize(2);
    assertThat(vectors.getFirst()).isNotEqualTo(vectors.getLast());
    for (float[] vector : vectors) {
      double squares = 0;
      for (float value : vector) {
        squares += (double) value * value;
      }
      assertThat(squares).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void a_wrong_key_and_an_unknown_model_are_the_clients_own_exception() {
    var options = options().build();
    assertThatThrownBy(() -> chat("wrong").call(new Prompt(QUESTION, options)))
        .isInstanceOf(NonTransientAiException.class)
        .hasMessageContaining("invalid_api_key");
    var nobody = OpenAiChatOptions.builder().model("nobody").build();
    assertThatThrownBy(() -> chat(KeyedServer.USER).call(new Prompt(QUESTION, nobody)))
        .isInstanceOf(NonTransientAiException.class)
        .hasMessageContaining("model_not_found");
  }

  private static AssistantMessage answer(ChatResponse response) {
    return response.getResult().getOutput();
  }

  private static OpenAiChatOptions.Builder options() {
    return OpenAiChatOptions.builder().model(MODEL);
  }

  private static OpenAiChatModel chat(String key) {
    return OpenAiChatModel.builder().openAiApi(api(key)).build();
  }

  private static OpenAiApi api(String key) {
    return OpenAiApi.builder().baseUrl(server.address().toString()).apiKey(key).build();
  }

  private static void assertBooking(@Nullable String json) throws IOException {
    JsonNode booking = Client.JSON.readTree(json);
    assertThat(booking.get("city").asText()).hasSizeLessThanOrEqualTo(12);
    assertThat(booking.get("people").asInt()).isBetween(1, 9);
  }
}

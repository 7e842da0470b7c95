package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionTool;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.CompletionCreateParams;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own client for Java, and LangChain4j, unchanged, against a real server. */
class OpenAiJavaClientTest {
  private static final String MODEL = "sgd_chat";
  private static final String QUESTION = "I want to book a table for two.";
  private static final Map<String, Object> SCHEMA =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of(
              "city", Map.of("type", "string", "maxLength", 12),
              "people", Map.of("type", "integer", "minimum", 1, "maximum", 9)),
          "required",
          List.of("city", "people"),
          "additionalProperties",
          false);

  @TempDir static Path directory;

  private static ServerProcess server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws IOException {
    server = ServerProcess.start(KeyedServer.config(directory));
    client = client(KeyedServer.USER);
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  @Test
  void models_are_listed() {
    assertThat(client.models().list().data()).anyMatch(model -> model.id().equals(MODEL));
  }

  @Test
  void a_streamed_chat_says_what_a_whole_one_says() {
    var params = chat().temperature(0).maxCompletionTokens(16).build();
    String whole = content(client.chat().completions().create(params));
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(params)) {
      String streamed =
          stream.stream()
              .flatMap(chunk -> chunk.choices().stream())
              .flatMap(choice -> choice.delta().content().stream())
              .collect(Collectors.joining());
      assertThat(streamed).isEqualTo(whole).isNotEmpty();
    }
  }

  @Test
  void a_completion_has_its_usage() {
    var answer =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(MODEL)
                    .prompt("User: Hi")
                    .maxTokens(3)
                    .build());
    assertThat(answer.usage().orElseThrow().completionTokens()).isBetween(1L, 3L);
  }

  @Test
  void log_probabilities_come_with_alternatives() {
    var answer =
        client
            .chat()
            .completions()
            .create(chat().maxCompletionTokens(2).logprobs(true).topLogprobs(2).build());
    var first = answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
    assertThat(first.getFirst().topLogprobs()).hasSize(2);
  }

  @Test
  void an_answer_of_a_schema_is_valid() throws Exception {
    var schema = ResponseFormatJsonSchema.JsonSchema.Schema.builder();
    SCHEMA.forEach((name, value) -> schema.putAdditionalProperty(name, JsonValue.from(value)));
    var format =
        ResponseFormatJsonSchema.builder()
            .jsonSchema(
                ResponseFormatJsonSchema.JsonSchema.builder()
                    .name("booking")
                    .schema(schema.build())
                    .build())
            .build();
    assertBooking(
        content(
            client
                .chat()
                .completions()
                .create(
                    chat()
                        .temperature(1.5)
                        .maxCompletionTokens(300)
                        .responseFormat(format)
                        .build())));
  }

  @Test
  void a_required_tool_is_called() throws Exception {
    var parameters = FunctionParameters.builder();
    SCHEMA.forEach((name, value) -> parameters.putAdditionalProperty(name, JsonValue.from(value)));
    var function =
        FunctionDefinition.builder().name("book_table").parameters(parameters.build()).build();
    var answer =
        client
            .chat()
            .completions()
            .create(
                chat()
                    .maxCompletionTokens(300)
                    .addTool(
                        ChatCompletionTool.ofFunction(
                            ChatCompletionFunctionTool.builder().function(function).build()))
                    .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                    .parallelToolCalls(false)
                    .build());
    var choice = answer.choices().getFirst();
    assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    var call = choice.message().toolCalls().orElseThrow().getFirst().asFunction();
    assertThat(call.function().name()).isEqualTo("book_table");
    assertBooking(call.function().arguments());
  }

  @Test
  void refusals_are_the_clients_own_exceptions() {
    assertThatThrownBy(() -> client.chat().completions().create(chat().model("nobody").build()))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> client.chat().completions().create(chat().temperature(9).build()))
        .isInstanceOf(BadRequestException.class);
    OpenAIClient other = client("wrong");
    assertThatThrownBy(() -> other.models().list()).isInstanceOf(UnauthorizedException.class);
    other.close();
  }

  @Test
  void langchain4j_chats_whole_and_streamed() throws Exception {
    OpenAiChatModel whole =
        OpenAiChatModel.builder()
            .baseUrl(server.address() + "/v1")
            .apiKey(KeyedServer.USER)
            .modelName(MODEL)
            .temperature(0.0)
            .maxTokens(16)
            .build();
    OpenAiStreamingChatModel streaming =
        OpenAiStreamingChatModel.builder()
            .baseUrl(server.address() + "/v1")
            .apiKey(KeyedServer.USER)
            .modelName(MODEL)
            .temperature(0.0)
            .maxTokens(16)
            .build();
    var done = new CompletableFuture<String>();
    streaming.chat(
        QUESTION,
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String part) {}

          @Override
          public void onCompleteResponse(ChatResponse response) {
            done.complete(response.aiMessage().text());
          }

          @Override
          public void onError(Throwable failure) {
            done.completeExceptionally(failure);
          }
        });
    assertThat(done.get(2, TimeUnit.MINUTES)).isEqualTo(whole.chat(QUESTION)).isNotEmpty();
  }

  @Test
  void langchain4j_gets_valid_json_and_calls() throws Exception {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(server.address() + "/v1")
            .apiKey(KeyedServer.USER)
            .modelName(MODEL)
            .maxTokens(400)
            .build();
    var schema =
        JsonObjectSchema.builder()
            .addEnumProperty("city", List.of("Ulm", "Bonn"))
            .addIntegerProperty("people")
            .required("city", "people")
            .additionalProperties(false)
            .build();
    var format =
        ResponseFormat.builder()
            .type(ResponseFormatType.JSON)
            .jsonSchema(JsonSchema.builder().name("booking").rootElement(schema).build())
            .build();
    JsonNode json =
        Client.JSON.readTree(
            model
                .chat(
                    ChatRequest.builder()
                        .messages(UserMessage.from(QUESTION))
                        .responseFormat(format)
                        .build())
                .aiMessage()
                .text());
    assertThat(json.get("city").asText()).isIn("Ulm", "Bonn");
    var tool = ToolSpecification.builder().name("book_table").parameters(schema).build();
    var calls =
        model
            .chat(
                ChatRequest.builder()
                    .messages(UserMessage.from(QUESTION))
                    .toolSpecifications(tool)
                    .toolChoice(ToolChoice.REQUIRED)
                    .build())
            .aiMessage()
            .toolExecutionRequests();
    assertThat(calls).isNotEmpty().allMatch(call -> call.name().equals("book_table"));
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.address() + "/v1")
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage(QUESTION);
  }

  private static String content(ChatCompletion answer) {
    return answer.choices().getFirst().message().content().orElseThrow();
  }

  private static void assertBooking(String json) throws IOException {
    JsonNode booking = Client.JSON.readTree(json);
    assertThat(booking.get("city").asText()).hasSizeLessThanOrEqualTo(12);
    assertThat(booking.get("people").asInt()).isBetween(1, 9);
  }
}

package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.PromptNews;
import tributary.protocol.TokenEvent;
import tributary.protocol.Usage;

/** Vectors over real HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddingsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Function<GenerationRequest, Source<TokenEvent, NotUsed>> script = EmbeddingsTest::state;
  private final ScriptedGeneration generation =
      new ScriptedGeneration(request -> script.apply(request));
  private final TestServer server = TestServer.of(generation);

  @BeforeEach
  void reset() {
    script = EmbeddingsTest::state;
  }

  @AfterAll
  void close() {
    server.close();
  }

  /** Three and four times the first token. */
  private static Source<TokenEvent, NotUsed> state(GenerationRequest request) {
    assertThat(request.reading().wantsState()).isTrue();
    float first = request.prompt().id(0);
    return Source.from(
        List.of(
            new TokenEvent.PromptRead(
                request.id(), new PromptNews.State(new float[] {3 * first, -4 * first})),
            new TokenEvent.Finished(
                request.id(), FinishReason.STOP, new Usage(request.prompt().count(), 0))));
  }

  @Test
  void each_input_gets_a_vector_of_length_one_in_its_place() throws Exception {
    var response = ask("{'model':'tenant-a','input':['Hello','x']}");
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode answer = JSON.readTree(response.body());
    assertThat(answer.get("object").asText()).isEqualTo("list");
    assertThat(answer.get("model").asText()).isEqualTo("tenant-a");
    assertThat(answer.get("data")).hasSize(2);
    for (int i = 0; i < 2; i++) {
      JsonNode item = answer.get("data").get(i);
      assertThat(item.get("object").asText()).isEqualTo("embedding");
      assertThat(item.get("index").asInt()).isEqualTo(i);
      assertThat(item.at("/embedding/0").floatValue()).isCloseTo(0.6f, within(1e-6f));
      assertThat(item.at("/embedding/1").floatValue()).isCloseTo(-0.8f, within(1e-6f));
    }
    assertThat(answer.get("usage").toString())
        .isEqualTo("{\"prompt_tokens\":6,\"total_tokens\":6}");
  }

  @Test
  void base64_holds_the_same_numbers_little_end_first() throws Exception {
    JsonNode answer =
        JSON.readTree(ask("{'model':'base','input':'Hello','encoding_format':'base64'}").body());
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(answer.at("/data/0/embedding").asText()))
            .order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getFloat()).isEqualTo(0.6f);
    assertThat(bytes.getFloat()).isEqualTo(-0.8f);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          'Hello'           | 1 | 5
          ['Hello','abc']   | 2 | 8
          [72,105]          | 1 | 2
          [[72,105],[1]]    | 2 | 3
          """)
  void every_kind_of_input_is_read(String input, int vectors, int tokens) throws Exception {
    JsonNode answer = JSON.readTree(ask("{'model':'base','input':" + input + "}").body());
    assertThat(answer.get("data")).hasSize(vectors);
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(tokens);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          'input':['a','b','c','d']              | 400 | invalid_parameter       | input
          'input':[]                             | 400 | invalid_request         | input
          'input':''                             | 400 | invalid_request         | prompt
          'input':[257]                          | 400 | invalid_parameter       | input
          'input':{'text':'a'}                   | 400 | invalid_parameter       | input
          'user':'a'                             | 400 | invalid_request         | input
          'input':'a','dimensions':2             | 400 | unsupported_parameter   | dimensions
          'input':'a','encoding_format':'int8'   | 400 | invalid_parameter       | encoding_format
          'input':'a','model':'nobody'           | 404 | model_not_found         | model
          """)
  void bad_requests_name_the_field(String fields, int status, String code, String parameter)
      throws Exception {
    String model = fields.contains("'model'") ? "" : ",'model':'tenant-a'";
    var response = ask("{" + fields + model + "}");
    assertThat(response.statusCode()).isEqualTo(status);
    JsonNode error = JSON.readTree(response.body()).get("error");
    assertThat(error.get("code").asText()).isEqualTo(code);
    assertThat(error.get("param").asText()).isEqualTo(parameter);
  }

  @Test
  void an_input_longer_than_the_context_is_refused() {
    var response = ask("{'model':'base','input':'" + "x".repeat(TestModels.CONTEXT) + "'}");
    assertThat(response.body()).contains("context_length_exceeded", "\"param\":\"input\"");
  }

  @Test
  void an_end_without_a_vector_is_a_broken_stream() {
    script = request -> ScriptedGeneration.tokens(request, FinishReason.STOP);
    assertThat(ask("{'model':'base','input':'x'}").body()).contains("stream_broken");
  }

  /** Otherwise one long list would take all places of the queue. */
  @Test
  void no_more_than_sixteen_inputs_are_computed_at_once() {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    var server =
        TestServer.with()
            .prompts(40)
            .start(request -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              return state(request)
                  .mapAsync(
                      1,
                      event ->
                          CompletableFuture.supplyAsync(
                              () -> event,
                              CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS)))
                  .map(event -> {
                    if (event instanceof TokenEvent.Finished) {
                      running.decrementAndGet();
                    }
                    return event;
                  });
            });
    try (server) {
      String inputs =
          IntStream.range(0, 40).mapToObj(i -> "'a" + i + "'").collect(Collectors.joining(","));
      var response =
          server.post(
              "/v1/embeddings",
              "{'model':'base','input':[%s]}".formatted(inputs).replace('\'', '"'));
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(most.get()).isBetween(2, 16);
    }
  }

  private HttpResponse<String> ask(String body) {
    return server.post("/v1/embeddings", body.replace('\'', '"'));
  }
}

package tributary.protocol.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.ErrorCode;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.Sampling;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

class BodiesTest {
  private static final BodyLimits LIMITS = new BodyLimits(8, 16, 4);

  private static final String FULL =
      """
      {"model":"m","prompt":["a",[1,2]],"max_tokens":5,"temperature":0.5,"top_p":0.9,"top_k":40,
       "min_p":0.1,"n":2,"stop":["x","y"],"stop_token_ids":[7],"seed":-1,"repetition_penalty":1.1,
       "presence_penalty":-1,"frequency_penalty":1.5,"logit_bias":{"3":-100,"4":1e1},"logprobs":3,
       "ignore_eos":true,"min_tokens":2,"include_stop_str_in_output":true,
       "skip_special_tokens":false,"stream":true,"stream_options":{"include_usage":true,"y":{}},
       "user":"u","best_of":2,"response_format":{"type":"text"},"tools":[],"z":[{"a":[]}],
       "priority":-3,"timeout":1.5}\
      """;

  @Test
  void every_field_is_read() {
    var body = read(FULL);
    var options = body.options();
    assertThat(body.prompts())
        .containsExactly(new PromptInput.Text("a"), new PromptInput.Ids(Tokens.of(1, 2)));
    assertThat(options.choices()).isEqualTo(2);
    assertThat(options.maxTokens()).hasValue(5);
    assertThat(options.seed()).hasValue(-1);
    assertThat(options.sampling())
        .isEqualTo(new Sampling(0.5, 40, 0.9, 0.1, 0, 1.1, -1, 1.5, Map.of(3, -100.0, 4, 10.0), 3));
    assertThat(options.stopping())
        .isEqualTo(new GenerationOptions.Stopping(List.of("x", "y"), Set.of(7), 2, true, true));
    assertThat(options.delivery())
        .isEqualTo(new GenerationOptions.Delivery(true, true, false, false, false));
    assertThat(options.haste()).isEqualTo(new Haste(3, Nanos.ofMillis(1_500)));
    assertThat(body.unknownFields()).containsExactly("stream_options.y", "user", "z");
  }

  @Test
  void a_field_that_is_an_object_where_a_number_belongs_does_not_confuse_the_reader() {
    assertThatThrownBy(() ->
            ChatCompletionBody.read(
                bytes(
                    "{\"max_completion_tokens\":5,\"max_tokens\":{\"model\":\"x\"},"
                        + "\"model\":\"m\"}"),
                LIMITS))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> assertThat(refused.parameter()).isEqualTo("max_tokens"));
  }

  @Test
  void the_number_of_unknown_names_kept_is_bounded() {
    var json = new StringBuilder("{\"model\":\"m\",\"prompt\":\"x\"");
    for (int i = 0; i < 1000; i++) {
      json.append(",\"u").append(i).append("\":1");
    }
    assertThat(read(json.append('}').toString()).unknownFields())
        .hasSize(BodyLimits.UNKNOWN_FIELDS_NAMED_MAX);
  }

  @Test
  void lists_are_cut_off_where_they_are_read() {
    refuses("stop_token_ids", "{\"stop_token_ids\":[" + "1,".repeat(500) + "1]}");
    refuses("stop", "{\"stop\":\"" + "x".repeat(2000) + "\"}");
    refuses("prompt", "{\"prompt\":[" + "\"x\",".repeat(16) + "\"x\"]}");
    var bias = new StringBuilder("{\"logit_bias\":{\"0\":1");
    for (int i = 1; i < 2000; i++) {
      bias.append(",\"").append(i).append("\":1");
    }
    refuses("logit_bias", bias.append("}}").toString());
  }

  @Test
  void numbers_too_long_to_be_meant_are_refused_before_they_are_read() {
    assertThatThrownBy(() -> read("{\"temperature\":" + "1".repeat(10_000) + "}"))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_JSON));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void a_damaged_body_is_read_or_refused_and_nothing_else(long seed) {
    var random = new SplittableRandom(seed);
    byte[] bytes = bytes(FULL);
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes[random.nextInt(bytes.length)] =
          (byte)
              (random.nextBoolean()
                  ? "{}[]\",:0-9e.tfn\\".charAt(random.nextInt(16))
                  : random.nextInt(256));
    }
    try {
      assertThat(CompletionBody.read(bytes, LIMITS)).isNotNull();
    } catch (TributaryException refused) {
      assertThat(refused.code().httpStatus()).isEqualTo(400);
    }
  }

  @Test
  void a_body_cut_anywhere_is_broken_json() {
    for (int length = 0; length < FULL.length(); length++) {
      String cut = FULL.substring(0, length);
      assertThatThrownBy(() -> read(cut))
          .isInstanceOfSatisfying(
              TributaryException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_JSON));
    }
  }

  private static void refuses(String parameter, String json) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_PARAMETER);
              assertThat(refused.parameter()).isEqualTo(parameter);
            });
  }

  private static CompletionBody read(String json) {
    return CompletionBody.read(bytes(json), LIMITS);
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  static LongStream seeds() {
    return LongStream.range(0, 500);
  }
}

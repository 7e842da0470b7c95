package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Sampling;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;

class AdmissionTest {
  private static final BodyLimits LIMITS = new BodyLimits(4, 3, 4);

  private final Admission admission =
      new Admission(new Models(TestModels::all), TestServer.surroundings(new AtomicInteger()));

  @Test
  void a_completion_has_the_defaults_of_the_api() {
    var request = only(completion("{'model':'tenant-a','prompt':'hey'}"));
    assertThat(request.prompt()).isEqualTo(Tokens.of('h', 'e', 'y'));
    assertThat(request.stop().maxTokens()).isEqualTo(16);
    assertThat(request.stop().minTokens()).isZero();
    assertThat(request.stop().stopTokens()).containsExactly(TestModels.EOS);
    assertThat(request.sampling())
        .isEqualTo(new Sampling(1, 0, 1, 0, 42, 1, 0, 0, Map.of(), Sampling.NO_LOGPROBS));
    assertThat(request.id().value()).isEqualTo("cmpl-00000001-0");
  }

  @Test
  void the_default_length_shrinks_with_the_room_but_an_asked_one_does_not() {
    String prompt = "x".repeat(TestModels.CONTEXT - 5);
    assertThat(
            only(completion("{'model':'tenant-a','prompt':'" + prompt + "'}")).stop().maxTokens())
        .isEqualTo(5);
    assertThatThrownBy(
            () -> completion("{'model':'tenant-a','max_tokens':6,'prompt':'" + prompt + "'}"))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(ErrorCode.CONTEXT_LENGTH_EXCEEDED);
              assertThat(refused.text()).contains("123 tokens", "is 6", "128", "at most 5");
            });
  }

  @Test
  void a_chat_goes_through_the_template_and_may_use_the_rest_of_the_context() {
    var request =
        only(
            chat(
                "{'model':'tenant-a','messages':[{'role':'developer','content':'be brief'},"
                    + "{'role':'user','content':[{'type':'text','text':'a'},"
                    + "{'type':'text','text':'b'}]}]}"));
    String prompt = "system: be brief\nuser: a\nb\nassistant: ";
    assertThat(text(request.prompt())).isEqualTo(prompt);
    assertThat(request.stop().maxTokens()).isEqualTo(TestModels.CONTEXT - prompt.length());
  }

  @Test
  void a_chat_without_generation_prompt_ends_with_its_last_message() {
    var request =
        only(
            chat(
                "{'model':'tenant-a','add_generation_prompt':false,"
                    + "'messages':[{'role':'user','content':'a'}],"
                    + "'max_tokens':3,'max_completion_tokens':7}"));
    assertThat(text(request.prompt())).isEqualTo("user: a\n");
    assertThat(request.stop().maxTokens()).isEqualTo(7);
  }

  @Test
  void every_choice_has_its_own_seed_and_every_prompt_the_same_ones() {
    var accepted =
        completion("{'model':'tenant-a','prompt':['a','b'],'n':2,'seed':-3,'stream':true}");
    assertThat(accepted.choices())
        .extracting(choice -> choice.request().sampling().seed())
        .containsExactly(-3L, -2L, -3L, -2L);
    assertThat(accepted.choices())
        .extracting(choice -> choice.request().id().value())
        .doesNotHaveDuplicates();
    assertThat(accepted.promptTokens()).isEqualTo(2);
  }

  @Test
  void token_ids_are_taken_as_they_are() {
    assertThat(only(completion("{'model':'base','prompt':[1,2,256]}")).prompt())
        .isEqualTo(Tokens.of(1, 2, 256));
    assertThat(completion("{'model':'base','prompt':[[1],[2,3]]}").choices()).hasSize(2);
  }

  @Test
  void the_end_token_is_ignored_when_asked_and_others_are_added() {
    var request =
        only(
            completion(
                "{'model':'base','prompt':'x','ignore_eos':true,'stop_token_ids':[10],"
                    + "'min_tokens':2}"));
    assertThat(request.stop().stopTokens()).containsExactly(10);
    assertThat(request.stop().minTokens()).isEqualTo(2);
  }

  private AcceptedRequest completion(String json) {
    return admission.accept(CompletionBody.read(bytes(json), LIMITS));
  }

  private AcceptedRequest chat(String json) {
    return admission.accept(ChatCompletionBody.read(bytes(json), LIMITS));
  }

  private static GenerationRequest only(AcceptedRequest accepted) {
    assertThat(accepted.choices()).hasSize(1);
    return accepted.choices().getFirst().request();
  }

  private static String text(Tokens tokens) {
    return TestModels.TOKENIZER.decode(tokens, false);
  }

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }
}

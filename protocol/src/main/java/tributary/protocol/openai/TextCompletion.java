package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answer to a completion, whole or one event of a stream: the API gives both one shape. */
public record TextCompletion(
    String id,
    String object,
    long created,
    String model,
    List<Choice> choices,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable UsageBody usage) {
  public TextCompletion(
      String id, long created, String model, List<Choice> choices, @Nullable UsageBody usage) {
    this(id, "text_completion", created, model, List.copyOf(choices), usage);
  }

  /**
   * One answer.
   *
   * @param stopReason the stop string or the id of the stop token that ended it, if one did
   * @param promptLogprobs place by place, by token id; of the first place nothing is said
   */
  public record Choice(
      int index,
      String text,
      @Nullable Logprobs logprobs,
      @JsonProperty("finish_reason") @Nullable String finishReason,
      @JsonProperty("stop_reason") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable Object stopReason,
      @JsonProperty("prompt_logprobs") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable List<@Nullable Map<String, PromptLogprob>> promptLogprobs) {}

  /** Parallel lists, one element a token; offsets count characters of the choice's text. */
  public record Logprobs(
      List<String> tokens,
      @JsonProperty("token_logprobs") List<@Nullable Float> tokenLogprobs,
      @JsonProperty("top_logprobs") List<@Nullable Map<String, Float>> topLogprobs,
      @JsonProperty("text_offset") List<Integer> textOffset) {}
}

package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answer to a chat completion that is not streamed. */
public record ChatCompletion(
    String id,
    String object,
    long created,
    String model,
    List<Choice> choices,
    UsageBody usage,
    @JsonProperty("system_fingerprint") @Nullable String systemFingerprint,
    @JsonProperty("prompt_logprobs") @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable List<@Nullable Map<String, PromptLogprob>> promptLogprobs) {
  public ChatCompletion(
      String id,
      long created,
      String model,
      List<Choice> choices,
      UsageBody usage,
      @Nullable List<@Nullable Map<String, PromptLogprob>> promptLogprobs) {
    this(id, "chat.completion", created, model, List.copyOf(choices), usage, null, promptLogprobs);
  }

  /**
   * One answer.
   *
   * @param stopReason the stop string or the id of the stop token that ended it, if one did
   */
  public record Choice(
      int index,
      Message message,
      @Nullable ChatLogprobs logprobs,
      @JsonProperty("finish_reason") String finishReason,
      @JsonProperty("stop_reason") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable Object stopReason) {}

  /**
   * The answer itself.
   *
   * @param content null where there is nothing but calls
   */
  public record Message(
      String role,
      @Nullable String content,
      @JsonProperty("tool_calls") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable List<ToolCallBody> toolCalls) {}
}

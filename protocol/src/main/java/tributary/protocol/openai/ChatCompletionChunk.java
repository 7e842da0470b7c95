package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One event of a streamed chat completion. */
public record ChatCompletionChunk(
    String id,
    String object,
    long created,
    String model,
    List<Choice> choices,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable UsageBody usage) {
  public ChatCompletionChunk(
      String id, long created, String model, List<Choice> choices, @Nullable UsageBody usage) {
    this(id, "chat.completion.chunk", created, model, List.copyOf(choices), usage);
  }

  /**
   * One answer.
   *
   * @param stopReason the stop string or the id of the stop token that ended it, if one did
   */
  public record Choice(
      int index,
      Delta delta,
      @Nullable ChatLogprobs logprobs,
      @JsonProperty("finish_reason") @Nullable String finishReason,
      @JsonProperty("stop_reason") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable Object stopReason) {}

  /** What this event adds to the message. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Delta(
      @Nullable String role,
      @Nullable String content,
      @JsonProperty("tool_calls") @Nullable List<ToolCallBody> toolCalls) {
    public static final Delta ROLE = new Delta("assistant", "", null);
    public static final Delta NONE = new Delta(null, null, null);

    public static Delta of(String text) {
      return new Delta(null, text, null);
    }

    public static Delta of(ToolCallBody call) {
      return new Delta(null, null, List.of(call));
    }
  }
}

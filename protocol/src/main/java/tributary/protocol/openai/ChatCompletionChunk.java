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

  public record Choice(
      int index,
      Delta delta,
      @Nullable ChatLogprobs logprobs,
      @JsonProperty("finish_reason") @Nullable String finishReason) {}

  /** What this event adds to the message. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Delta(@Nullable String role, @Nullable String content) {
    public static final Delta ROLE = new Delta("assistant", "");
    public static final Delta NONE = new Delta(null, null);

    public static Delta of(String text) {
      return new Delta(null, text);
    }
  }
}

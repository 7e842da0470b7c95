package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answer to a chat completion that is not streamed. */
public record ChatCompletion(
    String id,
    String object,
    long created,
    String model,
    List<Choice> choices,
    UsageBody usage,
    @JsonProperty("system_fingerprint") @Nullable String systemFingerprint) {
  public ChatCompletion(
      String id, long created, String model, List<Choice> choices, UsageBody usage) {
    this(id, "chat.completion", created, model, List.copyOf(choices), usage, null);
  }

  public record Choice(
      int index,
      Message message,
      @Nullable ChatLogprobs logprobs,
      @JsonProperty("finish_reason") String finishReason) {}

  public record Message(String role, String content) {}
}

package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import tributary.protocol.Usage;

/** The {@code usage} of an answer. */
public record UsageBody(
    @JsonProperty("prompt_tokens") int promptTokens,
    @JsonProperty("completion_tokens") int completionTokens,
    @JsonProperty("total_tokens") int totalTokens) {
  public static UsageBody of(Usage usage) {
    return new UsageBody(usage.promptTokens(), usage.completionTokens(), usage.totalTokens());
  }
}

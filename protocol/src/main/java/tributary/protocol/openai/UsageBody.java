package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Precision;
import tributary.protocol.Usage;

/**
 * The {@code usage} of an answer.
 *
 * @param precision planes that it was computed with; left out where there is no choice of any
 */
public record UsageBody(
    @JsonProperty("prompt_tokens") int promptTokens,
    @JsonProperty("completion_tokens") int completionTokens,
    @JsonProperty("total_tokens") int totalTokens,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Precision precision) {
  public static UsageBody of(Usage usage) {
    return new UsageBody(
        usage.promptTokens(), usage.completionTokens(), usage.totalTokens(), usage.precision());
  }
}

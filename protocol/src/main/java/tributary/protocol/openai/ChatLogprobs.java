package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Log-probabilities of the tokens of a chat answer. */
public record ChatLogprobs(List<Entry> content) {
  public ChatLogprobs {
    content = List.copyOf(content);
  }

  /**
   * One token.
   *
   * @param bytes its UTF-8, or null when the token is not whole characters
   */
  public record Entry(
      String token,
      float logprob,
      @Nullable List<Integer> bytes,
      @JsonProperty("top_logprobs") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable List<Entry> topLogprobs) {}
}

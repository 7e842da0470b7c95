package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/** The answer to {@code POST /v1/embeddings}: one vector an input, in their order. */
public record EmbeddingList(String object, List<Item> data, String model, InputUsage usage) {
  public EmbeddingList(String model, List<Item> data, int promptTokens) {
    this("list", List.copyOf(data), model, new InputUsage(promptTokens, promptTokens));
  }

  /**
   * The vector of one input.
   *
   * @param embedding numbers, or a text that holds them
   */
  public record Item(String object, int index, Object embedding) {
    public static Item of(int index, float[] values) {
      return new Item("embedding", index, values);
    }

    public static Item of(int index, String base64) {
      return new Item("embedding", index, base64);
    }
  }

  /** What was read; nothing is written. */
  public record InputUsage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}

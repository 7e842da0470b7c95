package tributary.protocol.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One served model.
 *
 * @param root the model's own id: clients ask for it, and a path would say too much
 * @param parent the base's id, or null for the base itself
 */
public record ModelCard(
    String id,
    String object,
    long created,
    @JsonProperty("owned_by") String ownedBy,
    String root,
    @Nullable String parent,
    @JsonProperty("max_model_len") int contextLength,
    List<String> permission) {
  public ModelCard(String id, @Nullable String parent, long created, int contextLength) {
    this(id, "model", created, "tributary", id, parent, contextLength, List.of());
  }

  /** The answer to {@code GET /v1/models}. */
  public record Listing(String object, List<ModelCard> data) {
    public Listing(List<ModelCard> data) {
      this("list", List.copyOf(data));
    }
  }
}

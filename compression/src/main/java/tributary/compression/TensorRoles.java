package tributary.compression;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.network.Network;

/**
 * What a model's tensors are for, as its family names them.
 *
 * @param embeddings a row for each token
 * @param head the same; where a checkpoint lacks it, embeddings answer
 * @param linears weights of linear layers, or empty if every matrix may be one
 * @param ignored tensors that nothing computes with
 */
public record TensorRoles(
    String embeddings, String head, Optional<Set<String>> linears, Predicate<String> ignored) {
  private static final String CONFIGURATION = "config.json";

  /** Those of directories without a configuration, and of the family that most others follow. */
  static final TensorRoles USUAL =
      new TensorRoles(
          "model.embed_tokens.weight",
          "lm_head.weight",
          Optional.empty(),
          name -> name.endsWith(".rotary_emb.inv_freq"));

  /** The roles of a checkpoint's tensors. */
  public static TensorRoles of(Path model) {
    if (!Files.exists(model.resolve(CONFIGURATION))) {
      return USUAL;
    }
    Network network = Families.network(ModelConfig.read(model));
    Set<String> linears =
        network.stages().stream()
            .flatMap(stage -> stage.projections().stream())
            .map(projection -> projection.weight().name())
            .collect(Collectors.toSet());
    return new TensorRoles(
        network.embedding().name(), network.head().name(), Optional.of(linears), network::ignores);
  }

  /** Whether rows of this matrix are tokens. */
  public boolean isVocabulary(String name) {
    return name.equals(embeddings) || name.equals(head);
  }

  /** Whether this matrix may belong to a linear layer. */
  boolean mayBeLinear(String name) {
    return linears.map(known -> known.contains(name)).orElse(true);
  }
}

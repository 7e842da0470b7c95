package tributary.model.decoder;

import org.jspecify.annotations.Nullable;

/**
 * Half of a block.
 *
 * @param before what its input passes
 * @param after what its output passes before it is added, or null
 */
public record Sublayer<T>(Norm before, T layer, @Nullable Norm after) {
  /** One that adds its output as it is. */
  public static <T> Sublayer<T> of(Norm before, T layer) {
    return new Sublayer<>(before, layer, null);
  }
}

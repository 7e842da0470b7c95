package tributary.model.family;

/**
 * A model family: a package of its own that reads its configuration and lists its departures from
 * the common blocks. Found by its line in {@code META-INF/services}; has a public constructor
 * without parameters.
 */
public interface Family {
  /** What {@code architectures} of config.json says. */
  String architecture();

  /** What {@code model_type} of config.json says. */
  String modelType();

  /** Whether the head is the embeddings where config.json does not say. */
  default boolean tiedUnlessSaid() {
    return false;
  }

  /**
   * What config.json says of the model's structure.
   *
   * @throws tributary.protocol.TributaryException {@code model_config} with file, key, value and
   *     range, for nonsense and for what this family cannot compute
   */
  Structure read(ConfigKeys keys);
}

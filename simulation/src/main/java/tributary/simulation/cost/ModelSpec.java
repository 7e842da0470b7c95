package tributary.simulation.cost;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tributary.protocol.Bytes;

/**
 * The size of a base model, 16 bits a weight.
 *
 * @param linearWeights of all layers' matrices
 * @param embeddingWeights of the embedding table and the head
 * @param kvWidth elements of a layer's keys of one position
 * @param contextLength positions a sequence may have
 */
public record ModelSpec(
    String name,
    double linearWeights,
    double embeddingWeights,
    int layers,
    int hidden,
    int kvWidth,
    int contextLength) {
  private static final int BYTES_PER_WEIGHT = 2;

  private static final List<ModelSpec> KNOWN =
      List.of(
          new ModelSpec("llama-2-7b", 6.476e9, 2 * 131.1e6, 32, 4096, 4096, 4096),
          new ModelSpec("llama-2-13b", 12.688e9, 2 * 163.8e6, 40, 5120, 5120, 4096),
          new ModelSpec("llama-2-70b", 68.452e9, 2 * 262.1e6, 80, 8192, 1024, 4096),
          new ModelSpec("llama-3-8b", 6.979e9, 2 * 525.3e6, 32, 4096, 1024, 8192),
          new ModelSpec("tinyllama-1.1b", 0.969e9, 2 * 65.5e6, 22, 2048, 256, 2048));

  public static Optional<ModelSpec> named(String name) {
    return KNOWN.stream().filter(spec -> spec.name.equals(name)).findFirst();
  }

  public static String names() {
    return KNOWN.stream().map(ModelSpec::name).collect(Collectors.joining(", "));
  }

  /** Bytes of the whole model. */
  public Bytes weights() {
    return new Bytes(Math.round(BYTES_PER_WEIGHT * (linearWeights + embeddingWeights)));
  }

  /** Bytes that a step reads: all but the embedding table, of which it takes rows. */
  double stepBytes() {
    return BYTES_PER_WEIGHT * (linearWeights + embeddingWeights / 2);
  }

  /** Keys and values of one position. */
  public Bytes kvBytes() {
    return new Bytes(2L * BYTES_PER_WEIGHT * kvWidth * layers);
  }

  /** The same model with another limit on a sequence's positions. */
  public ModelSpec withContext(int positions) {
    return new ModelSpec(name, linearWeights, embeddingWeights, layers, hidden, kvWidth, positions);
  }
}

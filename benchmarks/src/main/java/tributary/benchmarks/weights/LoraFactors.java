package tributary.benchmarks.weights;

import java.util.List;

/**
 * The two thin matrices that an adapter adds to one weight, {@code up x down}, by PEFT's names.
 *
 * @param weight the base's matrix
 * @param down rank x the weight's columns
 * @param up the weight's rows x rank
 */
public record LoraFactors(Tensor weight, Tensor down, Tensor up) {
  private static final String PREFIX = "base_model.model.";
  private static final String SUFFIX = ".weight";

  /** The factors of every linear matrix in the layers of a model. */
  public static List<LoraFactors> all(ModelShape shape, int rank) {
    return Tensor.all(shape).stream()
        .filter(tensor -> tensor.name().startsWith("model.layers.") && !tensor.vector())
        .map(weight -> of(weight, rank))
        .toList();
  }

  private static LoraFactors of(Tensor weight, int rank) {
    String name = weight.name();
    String module = PREFIX + name.substring(0, name.length() - SUFFIX.length());
    return new LoraFactors(
        weight,
        Tensor.matrix(module + ".lora_A.weight", rank, weight.columns()),
        Tensor.matrix(module + ".lora_B.weight", weight.rows(), rank));
  }
}

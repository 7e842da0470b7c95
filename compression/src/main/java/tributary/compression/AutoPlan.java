package tributary.compression;

import java.util.List;
import java.util.Map;
import tributary.tensor.format.DeltaTensor;

/**
 * The sizes that were chosen for the parts of a fine-tune.
 *
 * @param vectorRows rows that share a byte, by the name of the linear layer
 * @param vocabularyBits bits per weight, by the name of embeddings or head
 * @param reasons for people: of each part its size, and what is lost by it
 * @param coded linear layers with these sizes, where measuring them took no less than coding them;
 *     else none
 */
record AutoPlan(
    Map<String, Integer> vectorRows,
    Map<String, Integer> vocabularyBits,
    List<String> reasons,
    Map<String, DeltaTensor.Coded> coded) {
  AutoPlan {
    vectorRows = Map.copyOf(vectorRows);
    vocabularyBits = Map.copyOf(vocabularyBits);
    reasons = List.copyOf(reasons);
    coded = Map.copyOf(coded);
  }

  /** Sizes of some parts, to look at what is lost by them. */
  static AutoPlan of(Map<String, Integer> vectorRows, Map<String, Integer> vocabularyBits) {
    return new AutoPlan(vectorRows, vocabularyBits, List.of(), Map.of());
  }

  /** The same, with its linear layers coded. */
  AutoPlan with(Map<String, DeltaTensor.Coded> codes) {
    return new AutoPlan(vectorRows, vocabularyBits, reasons, codes);
  }
}

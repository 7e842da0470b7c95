package tributary.compression;

import java.util.List;
import java.util.Map;

/**
 * The sizes that were chosen for the parts of a fine-tune.
 *
 * @param vectorRows rows that share a byte, by the name of the linear layer
 * @param vocabularyBits bits per weight, by the name of embeddings or head
 * @param reasons for people: of each part its size, and what is lost by it
 */
record AutoPlan(
    Map<String, Integer> vectorRows, Map<String, Integer> vocabularyBits, List<String> reasons) {
  AutoPlan {
    vectorRows = Map.copyOf(vectorRows);
    vocabularyBits = Map.copyOf(vocabularyBits);
    reasons = List.copyOf(reasons);
  }
}

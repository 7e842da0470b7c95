package tributary.benchmarks.engines;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What one process measured.
 *
 * @param tokensPerSecond one figure a run, all sequences together
 * @param promptTokens the prompt as the engine tokenized it, the begin token included; empty if
 *     the engine does not say
 * @param firstTokens what sequences began with, from the first sequence on; empty if the engine
 *     does not say
 * @param baseTokens what the base begins with where the sequences are fine-tunes; empty if they
 *     are not, or the engine does not say
 */
public record TaskResult(
    List<Double> tokensPerSecond,
    List<Integer> promptTokens,
    List<List<Integer>> firstTokens,
    List<Integer> baseTokens) {

  /** How many of a sequence's first tokens are kept for comparing engines. */
  static final int FIRST_TOKENS = 32;

  /** A result of sequences that are all the base's. */
  static TaskResult ofBase(
      List<Double> tokensPerSecond, List<Integer> promptTokens, List<List<Integer>> firstTokens) {
    return new TaskResult(tokensPerSecond, promptTokens, firstTokens, List.of());
  }

  /** The middle run. */
  public double medianTokensPerSecond() {
    return Median.of(tokensPerSecond);
  }

  /** What the first sequence began with; empty if the engine does not say. */
  public List<Integer> firstSequence() {
    return firstTokens.isEmpty() ? List.of() : firstTokens.getFirst();
  }

  /**
   * Refuses figures of a prompt of another length: engines tokenize, and a shorter prompt is faster
   * read.
   */
  void requirePromptOf(String engine, int tokens) throws EngineFailure {
    if (promptTokens.size() != tokens) {
      throw new EngineFailure(
          engine + ": the prompt is " + promptTokens.size() + " tokens, wanted " + tokens);
    }
  }

  /**
   * Refuses figures of fine-tunes that decode what the base does, or what another does: an adapter
   * that an engine leaves out costs it nothing.
   */
  void requireDistinct(String engine, int fineTunes) throws EngineFailure {
    if (firstTokens.size() != fineTunes || baseTokens.isEmpty()) {
      throw new EngineFailure(
          engine + ": showed tokens of " + firstTokens.size() + " fine-tunes and "
              + baseTokens.size() + " tokens of the base, wanted " + fineTunes + " and some");
    }
    Set<List<Integer>> seen = new HashSet<>(Set.of(baseTokens));
    for (int fineTune = 0; fineTune < fineTunes; fineTune++) {
      if (!seen.add(firstTokens.get(fineTune))) {
        throw new EngineFailure(
            engine + ": adapter " + (fineTune + 1) + " of " + fineTunes
                + " decodes what the base or another adapter does, so it was not applied");
      }
    }
  }
}

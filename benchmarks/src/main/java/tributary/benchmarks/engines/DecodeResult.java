package tributary.benchmarks.engines;

import java.util.List;

/**
 * What one process measured.
 *
 * @param tokensPerSecond one figure a run, all sequences together
 * @param promptTokens the prompt as the engine tokenized it, the begin token included; empty if
 *     the engine does not say
 * @param firstTokens what the first sequence began with; empty if the engine does not say
 */
public record DecodeResult(
    List<Double> tokensPerSecond, List<Integer> promptTokens, List<Integer> firstTokens) {

  /** How many of the first tokens are kept for comparing engines. */
  static final int FIRST_TOKENS = 32;

  /** The middle run. */
  public double medianTokensPerSecond() {
    return Median.of(tokensPerSecond);
  }
}

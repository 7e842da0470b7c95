package tributary.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tributary.benchmarks.engines.Median;
import tributary.benchmarks.engines.TaskResult;
import tributary.benchmarks.engines.Work;

/**
 * What one engine reached in one kind of work, over the rounds.
 *
 * @param engine the engine's name
 * @param work what was counted
 * @param tokensPerSecond one figure a round that succeeded, all sequences together
 * @param promptTokens the prompt as the engine tokenized it, if it says
 * @param firstTokens what its first sequence began with, if it says
 * @param failures why rounds failed
 */
public record Figures(
    String engine,
    Work work,
    List<Double> tokensPerSecond,
    List<Integer> promptTokens,
    List<Integer> firstTokens,
    List<String> failures) {

  /** No rounds yet. */
  public static Figures none(String engine, Work work) {
    return new Figures(engine, work, List.of(), List.of(), List.of(), List.of());
  }

  /** These and a round that succeeded. */
  public Figures with(TaskResult result) {
    return new Figures(
        engine,
        work,
        extended(tokensPerSecond, result.medianTokensPerSecond()),
        result.promptTokens(),
        result.firstSequence(),
        failures);
  }

  /** These and a round that failed. */
  public Figures withFailure(String reason) {
    return new Figures(
        engine, work, tokensPerSecond, promptTokens, firstTokens, extended(failures, reason));
  }

  /** The middle round, if any succeeded. */
  @JsonProperty("medianTokensPerSecond")
  public OptionalDouble median() {
    return tokensPerSecond.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(Median.of(tokensPerSecond));
  }

  /** How many first tokens are the same as the other's, up to the first that differs. */
  int agreeingTokens(Figures other) {
    int most = Math.min(firstTokens.size(), other.firstTokens.size());
    int same = 0;
    while (same < most && firstTokens.get(same).equals(other.firstTokens.get(same))) {
      same++;
    }
    return same;
  }

  private static <T> List<T> extended(List<T> list, T last) {
    List<T> longer = new ArrayList<>(list);
    longer.add(last);
    return List.copyOf(longer);
  }
}

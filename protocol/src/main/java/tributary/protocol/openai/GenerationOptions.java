package tributary.protocol.openai;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import tributary.protocol.Sampling;

/**
 * What both kinds of request can wish for, with the API's defaults filled in.
 *
 * @param choices answers to each prompt
 * @param maxTokens as given; the default depends on the endpoint and the room in the context
 * @param sampling complete but for the seed, which is 0
 * @param seed as given; without one every request draws differently
 */
public record GenerationOptions(
    int choices,
    OptionalInt maxTokens,
    Sampling sampling,
    OptionalLong seed,
    Stopping stopping,
    Delivery delivery) {

  /**
   * When a sequence ends.
   *
   * @param includeStopString whether the answer shows the stop string or stop token that ended it
   */
  public record Stopping(
      List<String> strings,
      Set<Integer> tokens,
      int minTokens,
      boolean ignoreEos,
      boolean includeStopString) {
    public Stopping {
      strings = List.copyOf(strings);
      tokens = Set.copyOf(tokens);
    }
  }

  /**
   * How the answer travels.
   *
   * @param tokensAsIds whether log-probabilities name tokens as {@code token_id:N}, not by their
   *     text
   */
  public record Delivery(
      boolean stream, boolean includeUsage, boolean skipSpecialTokens, boolean tokensAsIds) {}
}

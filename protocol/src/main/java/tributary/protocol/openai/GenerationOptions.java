package tributary.protocol.openai;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import tributary.protocol.Haste;
import tributary.protocol.OutputForm;
import tributary.protocol.Sampling;

/**
 * What both kinds of request can wish for, with the API's defaults filled in.
 *
 * @param choices answers to each prompt
 * @param maxTokens as given; the default depends on the endpoint and the room in the context
 * @param sampling complete but for the seed, which is 0
 * @param seed as given; without one every request draws differently
 * @param form what each answer must look like
 * @param haste how soon it is wanted
 */
public record GenerationOptions(
    int choices,
    OptionalInt maxTokens,
    Sampling sampling,
    OptionalLong seed,
    Stopping stopping,
    Delivery delivery,
    Prompting prompting,
    OutputForm form,
    Haste haste) {

  /**
   * How prompts are made into tokens.
   *
   * @param tokensMax only so many of a prompt's last tokens are kept; absent keeps all
   * @param addSpecialTokens whether the tokenizer adds those that open a text; absent is as the
   *     endpoint has it
   * @param logprobs alternatives to tell beside the log-probability of each token of a prompt;
   *     absent tells nothing
   */
  public record Prompting(
      OptionalInt tokensMax, Optional<Boolean> addSpecialTokens, OptionalInt logprobs) {}

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
    /** As the model ends by itself. */
    public static final Stopping NEVER = new Stopping(List.of(), Set.of(), 0, false, false);

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
   * @param continuousUsage whether each event of a stream says what was used so far
   */
  public record Delivery(
      boolean stream,
      boolean includeUsage,
      boolean continuousUsage,
      boolean skipSpecialTokens,
      boolean tokensAsIds) {
    /** In one piece. */
    public static final Delivery WHOLE = new Delivery(false, false, false, true, false);
  }
}

package tributary.scheduling;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.PromptNews;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenLogprob;

/**
 * What came of a plan: one entry for each slice that drew, and one for each that failed.
 *
 * @param read what slices tell of their prompts, in the order of the positions
 */
public record StepResult(long number, List<Read> read, List<Drawn> drawn, List<Failure> failures) {
  /** Something of a prompt. A sequence that wants its state gets that in place of a token. */
  public record Read(RequestId request, PromptNews news) {}

  /** A result that tells nothing of prompts. */
  public StepResult(long number, List<Drawn> drawn, List<Failure> failures) {
    this(number, List.of(), drawn, failures);
  }

  /** The token that a sequence's slice drew. */
  public record Drawn(
      RequestId request, int token, @Nullable TokenLogprob logprob, List<TokenLogprob> top) {}

  /** A sequence that cannot go on, such as one whose variant went away. */
  public record Failure(RequestId request, Refusal refusal) {}

  /** The result of a step that was not computed: every sequence in it fails for one reason. */
  public static StepResult failed(StepPlan plan, Refusal refusal) {
    var failures = new ArrayList<Failure>(plan.slices().size());
    for (StepPlan.Slice slice : plan.slices()) {
      failures.add(new Failure(slice.request().id(), refusal));
    }
    return new StepResult(plan.number(), List.of(), failures);
  }
}

package tributary.scheduling;

import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * How one device's scheduler chooses, within its {@link SchedulerLimits}.
 *
 * @param deltasMax different deltas among the sequences that hold KV pages
 * @param base the name of the base, which takes none of those places; null when it is not served
 * @param prefixes whether KV of a prompt's beginning is kept for later prompts
 */
public record SchedulerRules(
    PolicyChoice policy, int deltasMax, @Nullable DeltaId base, Prefixes prefixes) {
  /** What becomes of KV pages that no sequence needs any more. */
  public enum Prefixes {
    /** They are free at once. */
    FORGOTTEN,
    /** They are kept for sequences that begin with the same tokens, until the pool runs short. */
    KEPT
  }

  /** First come, first served, any number of deltas, nothing kept. */
  public static final SchedulerRules FIRST_COME =
      new SchedulerRules(new PolicyChoice.FirstCome(), Integer.MAX_VALUE, null, Prefixes.FORGOTTEN);

  public SchedulerRules {
    if (deltasMax < 1) {
      throw new TributaryException(
          ErrorCode.CONFIG, "deltas-max is %d; it must be at least 1".formatted(deltasMax));
    }
  }
}

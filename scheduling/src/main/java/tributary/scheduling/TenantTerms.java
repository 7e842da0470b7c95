package tributary.scheduling;

import tributary.protocol.TributaryException;

/**
 * What a tenant is entitled to on one device.
 *
 * @param weight its share beside other tenants under fair queuing
 * @param priority tenants of a higher one are served first under fair queuing
 * @param runningMax its sequences that hold KV pages at once; more wait
 * @param waitingMax its sequences that hold none; one more is refused
 * @param tokensPerSecond its rate over time, prompts and outputs together; arrivals beyond it are
 *     refused
 * @param burstTokens that it may use at once after a pause
 */
public record TenantTerms(
    int weight,
    int priority,
    int runningMax,
    int waitingMax,
    long tokensPerSecond,
    long burstTokens) {
  public static final int WEIGHT_MAX = 1000;

  /** The rate that stands for none. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** Weight 1, no limits. */
  public static final TenantTerms DEFAULT =
      new TenantTerms(1, 0, Integer.MAX_VALUE, Integer.MAX_VALUE, UNLIMITED, UNLIMITED);

  public TenantTerms {
    within("weight", weight, WEIGHT_MAX);
    within("running-max", runningMax, Integer.MAX_VALUE);
    within("waiting-max", waitingMax, Integer.MAX_VALUE);
    within("tokens-per-second", tokensPerSecond, UNLIMITED);
    within("burst-tokens", burstTokens, UNLIMITED);
  }

  public TenantTerms withWeight(int other) {
    return new TenantTerms(other, priority, runningMax, waitingMax, tokensPerSecond, burstTokens);
  }

  private static void within(String name, long found, long max) {
    if (found < 1 || found > max) {
      throw TributaryException.parameter(name, (double) found, 1, (double) max);
    }
  }
}

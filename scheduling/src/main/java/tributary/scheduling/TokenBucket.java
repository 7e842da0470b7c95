package tributary.scheduling;

import tributary.protocol.Nanos;

/** A tenant's rate: refills with time, is charged for what was computed, and may run into debt. */
final class TokenBucket {
  /** Less than a token by so much is a whole one. */
  private static final double ROUNDING = 1e-6;

  private double level;
  private Nanos filledAt = Nanos.ZERO;
  private boolean begun;

  /** How long until the tenant may come again; zero when it may now. */
  Nanos wait(TenantTerms terms, Nanos now) {
    if (terms.tokensPerSecond() == TenantTerms.UNLIMITED) {
      return Nanos.ZERO;
    }
    refill(terms, now);
    double missing = 1 - level;
    return missing <= ROUNDING
        ? Nanos.ZERO
        : new Nanos((long) Math.ceil(missing * 1e9 / terms.tokensPerSecond()));
  }

  void charge(TenantTerms terms, int tokens, Nanos now) {
    if (terms.tokensPerSecond() != TenantTerms.UNLIMITED) {
      refill(terms, now);
      level -= tokens;
    }
  }

  private void refill(TenantTerms terms, Nanos now) {
    double gained =
        begun ? terms.tokensPerSecond() * now.minus(filledAt).seconds() : Double.MAX_VALUE;
    level = Math.min((double) terms.burstTokens(), level + gained);
    filledAt = now;
    begun = true;
  }
}

package tributary.scheduling;

import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/** Which policy decides who is let in next and who gives way. */
public sealed interface PolicyChoice {
  /** First come, first served: nobody is passed, whatever it waits for. */
  record FirstCome() implements PolicyChoice {}

  /**
   * First come, first served, but a sequence whose delta finds no place among those of the running
   * batch is passed by younger ones whose deltas are there.
   *
   * @param ageMax a sequence that has waited for longer is passed no more
   */
  record LineSkipping(Preemption preemption, Nanos ageMax) implements PolicyChoice {
    /** Who gives way to a sequence that was passed. */
    public enum Preemption {
      /** Nobody. */
      NONE,
      /**
       * Those of a delta that came in behind its first, when the first has ended; so a sequence
       * that is passed waits for one lifetime of such a first.
       */
      AFTER_PARENT
    }

    public LineSkipping {
      atLeast("age-max in ns", ageMax.count(), 1);
    }
  }

  /**
   * Weighted fair queuing over tokens: the tenant that has been served least for its weight goes
   * first, and one that is too far ahead of a tenant that waits gives way.
   *
   * <p>With gap G, T tokens per step and weights of at least 1: while two tenants of one priority
   * both wait for places and none of a higher priority does, what they were given, each divided by
   * its weight, differs by at most {@code 2 G + 2 T} tokens over any such time, however long. Spare
   * tokens are not counted: those of a step in which whoever was due could not be let in for lack
   * of KV pages, and which would else have been left unused.
   *
   * @param gapTokens how far a tenant of weight 1 may get ahead before it gives way
   * @param ageMax a tenant that has waited for longer without a token comes before all others,
   *     whatever their priorities, and nobody is let in before it, unless it is too far ahead of
   *     another of its own priority that waits
   */
  record Fair(int gapTokens, Nanos ageMax) implements PolicyChoice {
    public Fair {
      atLeast("gap-tokens", gapTokens, 1);
      atLeast("age-max in ns", ageMax.count(), 1);
    }
  }

  private static void atLeast(String name, long found, long min) {
    if (found < min) {
      throw new TributaryException(
          ErrorCode.CONFIG, "%s is %d; it must be at least %d".formatted(name, found, min), name);
    }
  }
}

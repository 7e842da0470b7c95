package tributary.scheduling;

import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/**
 * Bounds of one device's scheduler.
 *
 * @param tokensPerStep token budget of a step, decode and prefill together; at least {@code
 *     runningMax}, so that no running sequence is ever left without a token by the others
 * @param runningMax sequences that hold KV pages at once
 * @param waitingMax sequences that hold no pages, whether new or robbed of them; an arrival beyond
 *     that is refused
 * @param kvPages pages in the pool
 * @param pageTokens positions per page
 * @param contextLength positions per sequence at most
 * @param slowReaderMax how long a sequence may stay parked before it is ended
 */
public record SchedulerLimits(
    int tokensPerStep,
    int runningMax,
    int waitingMax,
    int kvPages,
    int pageTokens,
    int contextLength,
    Nanos slowReaderMax) {
  public SchedulerLimits {
    atLeast("running-max", runningMax, 1);
    atLeast("tokens-per-step", tokensPerStep, runningMax);
    atLeast("waiting-max", waitingMax, 1);
    atLeast("KV pages (kv-memory divided by a page's size)", kvPages, 1);
    atLeast("page-tokens", pageTokens, 1);
    atLeast("context length", contextLength, 2);
    atLeast("slow-reader-max in ns", slowReaderMax.count(), 1);
  }

  /** Positions that the whole KV pool holds. */
  long kvPositions() {
    return (long) kvPages * pageTokens;
  }

  int pagesFor(int positions) {
    return Math.ceilDiv(positions, pageTokens);
  }

  private static void atLeast(String name, long found, long min) {
    if (found < min) {
      throw new TributaryException(
          ErrorCode.CONFIG, "%s is %d; it must be at least %d".formatted(name, found, min), name);
    }
  }
}

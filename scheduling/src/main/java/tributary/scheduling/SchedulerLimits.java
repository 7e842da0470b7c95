package tributary.scheduling;

/**
 * Bounds of one device's scheduler.
 *
 * @param tokensPerStep token budget of a step, decode and prefill together
 * @param runningMax sequences that hold KV pages at once
 * @param waitingMax sequences that wait for their first step; one more is refused
 * @param kvPages pages in the pool
 * @param pageTokens positions per page
 * @param contextLength positions per sequence at most
 */
public record SchedulerLimits(
    int tokensPerStep,
    int runningMax,
    int waitingMax,
    int kvPages,
    int pageTokens,
    int contextLength) {}

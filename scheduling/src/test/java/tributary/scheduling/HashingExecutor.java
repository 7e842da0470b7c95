package tributary.scheduling;

import java.util.ArrayList;
import java.util.List;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;

/**
 * A device whose tokens are a pure function of request and position, and whose KV pages are real
 * memory: a slice is computed only if every earlier position holds what the slice's own variant
 * makes of all tokens up to there. A page that another wrote, or that is used again too early, is
 * noticed; one that holds the same beginning of the same variant is not.
 */
public final class HashingExecutor implements StepExecutor {
  /** Tokens are below this, so that stop tokens occur. */
  public static final int VOCABULARY = 50;

  private final int pageTokens;
  private final long[] kv;

  public HashingExecutor(SchedulerLimits limits) {
    pageTokens = limits.pageTokens();
    kv = new long[Math.multiplyExact(limits.kvPages(), pageTokens)];
  }

  /** The token that stands at a position of a request's output, whoever computes it, and when. */
  public static int token(GenerationRequest request, int position) {
    return (int) Math.floorMod(mixed(request.id(), position, 0), (long) VOCABULARY);
  }

  @Override
  public StepResult execute(StepPlan plan) {
    var drawn = new ArrayList<StepResult.Drawn>();
    for (StepPlan.Slice slice : plan.slices()) {
      compute(slice);
      if (slice.draws()) {
        int token = token(slice.request(), slice.length());
        drawn.add(new StepResult.Drawn(slice.request().id(), token, null, List.of()));
      }
    }
    return new StepResult(plan.number(), drawn, List.of());
  }

  private void compute(StepPlan.Slice slice) {
    RequestId id = slice.request().id();
    long content = slice.request().model().hashCode();
    for (int position = 0; position < slice.firstPosition() + slice.count(); position++) {
      int cell = slice.pages()[position / pageTokens] * pageTokens + position % pageTokens;
      content = mixed(content, position, slice.tokens()[position]);
      if (position >= slice.firstPosition()) {
        kv[cell] = content;
      } else if (kv[cell] != content) {
        throw new AssertionError(
            "request %s: KV of position %d is not what was written".formatted(id, position));
      }
    }
  }

  private static long mixed(RequestId id, int position, int token) {
    return mixed(id.hashCode(), position, token);
  }

  private static long mixed(long start, int position, int token) {
    long hash = start * 0x9E3779B97F4A7C15L + position;
    hash = (hash ^ (hash >>> 29)) * 0xBF58476D1CE4E5B9L + token;
    return hash ^ (hash >>> 32);
  }
}

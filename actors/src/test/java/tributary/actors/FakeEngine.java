package tributary.actors;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.TokenLogprob;
import tributary.protocol.TributaryException;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.StepExecutor;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/**
 * A model whose tokens are a function of variant, prompt and index, so that a test knows them.
 * Steps can be held back, and made to fail.
 */
final class FakeEngine implements Engine {
  final FakeDeltaStore deltas = new FakeDeltaStore();
  private final SchedulerLimits limits;
  private final Semaphore steps = new Semaphore(Integer.MAX_VALUE / 2);
  private final Map<RequestId, AtomicInteger> drawn = new ConcurrentHashMap<>();
  private final Map<RequestId, Refusal> failing = new ConcurrentHashMap<>();
  private volatile @Nullable RuntimeException stepFailure;
  private volatile boolean stepBreaks;
  private volatile boolean closed;

  FakeEngine(SchedulerLimits limits) {
    this.limits = limits;
  }

  static FakeEngine create() {
    return withSlowReaderMax(Nanos.ofMillis(60_000));
  }

  static FakeEngine withSlowReaderMax(Nanos slowReaderMax) {
    return new FakeEngine(new SchedulerLimits(64, 16, 32, 256, 16, 2048, slowReaderMax));
  }

  /** The token that this model draws. */
  static int token(GenerationRequest request, int index) {
    int seed = 31 * request.model().hashCode() + request.prompt().hashCode();
    return Math.floorMod(seed + 7 * index, FakeDeltaStore.VOCABULARY);
  }

  static List<Integer> tokens(GenerationRequest request) {
    var tokens = new ArrayList<Integer>();
    for (int i = 0; i < request.stop().maxTokens(); i++) {
      tokens.add(token(request, i));
    }
    return tokens;
  }

  /** Steps wait from now on. */
  void hold() {
    steps.drainPermits();
  }

  void allowSteps(int count) {
    steps.release(count);
  }

  void letGo() {
    steps.drainPermits();
    steps.release(Integer.MAX_VALUE / 2);
  }

  /** The sequence's next draw fails as one with damaged weights would. */
  void fail(RequestId request) {
    failing.put(request, Refusal.of(ErrorCode.INTERNAL, "not a number"));
  }

  void failNextStep(RuntimeException failure) {
    stepFailure = failure;
  }

  @Override
  public boolean restart(RuntimeException failure) {
    return failure instanceof TributaryException known && known.code() == ErrorCode.DEVICE_FAILED;
  }

  /** The next step ends with a broken invariant, as a bug would. */
  void breakNextStep() {
    stepBreaks = true;
  }

  int drawn(RequestId request) {
    AtomicInteger count = drawn.get(request);
    return count == null ? 0 : count.get();
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public DeltaStore deltas() {
    return deltas;
  }

  @Override
  public SchedulerLimits limits() {
    return limits;
  }

  @Override
  public StepExecutor executor(Function<RequestId, LoadedDelta> deltaOf) {
    return plan -> execute(plan, deltaOf);
  }

  private StepResult execute(StepPlan plan, Function<RequestId, LoadedDelta> deltaOf)
      throws InterruptedException {
    steps.acquire();
    if (stepBreaks) {
      throw new AssertionError("a broken invariant");
    }
    RuntimeException failure = stepFailure;
    if (failure != null) {
      stepFailure = null;
      throw failure;
    }
    var results = new ArrayList<StepResult.Drawn>();
    var failures = new ArrayList<StepResult.Failure>();
    for (StepPlan.Slice slice : plan.slices()) {
      GenerationRequest request = slice.request();
      if (!deltas.resident().contains(deltaOf.apply(request.id()))) {
        throw new AssertionError(request + " is computed without its weights");
      }
      Refusal refusal = failing.remove(request.id());
      if (refusal != null) {
        failures.add(new StepResult.Failure(request.id(), refusal));
      } else if (slice.draws()) {
        int token = token(request, slice.length() - request.prompt().count());
        drawn.computeIfAbsent(request.id(), _ -> new AtomicInteger()).incrementAndGet();
        boolean reports = request.sampling().reportsLogprobs();
        results.add(
            new StepResult.Drawn(
                request.id(),
                token,
                reports ? new TokenLogprob(token, -0.5f) : null,
                reports ? List.of(new TokenLogprob(token, -0.5f)) : List.of()));
      }
    }
    return new StepResult(plan.number(), results, failures);
  }

  @Override
  public void close() {
    closed = true;
  }
}

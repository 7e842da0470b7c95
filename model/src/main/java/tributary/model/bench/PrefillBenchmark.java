package tributary.model.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.model.BaseModel;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/**
 * How fast prompts are read that come together: each step computes all of them from their first
 * tokens to the choice of the next, and is timed.
 */
public final class PrefillBenchmark {
  private static final int PAGE_TOKENS = 16;

  /** Until then code is still being compiled. */
  private static final long WARM_UP_NANOS = 4_000_000_000L;

  /** Steps that still get faster are warm-up too, but not for longer than this. */
  private static final long WARM_UP_NANOS_MAX = 60_000_000_000L;

  /** A step that takes less than this share of the one before it shows that code got faster. */
  private static final double STILL_FASTER = 0.95;

  /**
   * What to measure.
   *
   * @param prompts side by side
   * @param prompt each of them
   * @param steps that are timed, each of all prompts
   */
  public record Settings(int prompts, Tokens prompt, int steps) {
    public Settings {
      within("prompts", prompts, 1, 1024);
      within("tokens", prompt.count(), 1, 100_000);
      within("steps", steps, 1, 1_000_000);
    }

    private static void within(String name, int value, int min, int max) {
      if (value < min || value > max) {
        throw TributaryException.parameter(name, value, min, max);
      }
    }
  }

  /**
   * What was measured; times are medians.
   *
   * @param tokens of each prompt
   * @param operationsPerStep of linear layers but the head, two a token and weight
   * @param promptTokens of each prompt, to see that engines tokenize alike
   * @param firstTokens the likeliest after the first prompt, one, to compare engines by
   */
  public record Report(
      int prompts,
      int tokens,
      int tenants,
      double millisecondsPerStep,
      double millisecondsPerStepP90,
      double tokensPerSecond,
      double operationsPerStep,
      double gigaflopsPerSecond,
      String backend,
      List<Integer> promptTokens,
      List<Integer> firstTokens) {}

  private final BaseModel base;
  private final List<ResidentDelta> tenants;
  private final Settings settings;

  /** Prompt i belongs to tenant i; those that are left run the base. */
  public PrefillBenchmark(BaseModel base, List<ResidentDelta> tenants, Settings settings) {
    this.base = base;
    this.tenants = List.copyOf(tenants);
    this.settings = settings;
    int context = base.config().contextLength();
    if (settings.prompt.count() > context) {
      throw TributaryException.parameter("tokens", settings.prompt.count(), 1, context);
    }
    if (tenants.size() > settings.prompts) {
      throw TributaryException.parameter("tenants", tenants.size(), 0, settings.prompts);
    }
  }

  public Report run(String backend) {
    StepBatch batch =
        new StepBatch(IntStream.range(0, settings.prompts).mapToObj(this::slice).toList());
    try (ForwardPass pass = ForwardPass.create(base, settings.prompts * pagesEach(), PAGE_TOKENS)) {
      int[] chosen = new int[settings.prompts];
      warmUp(pass, batch, chosen);
      long[] nanos = new long[settings.steps];
      for (int step = 0; step < nanos.length; step++) {
        nanos[step] = nanos(pass, batch, chosen);
      }
      return report(nanos, chosen[0], backend);
    }
  }

  private static void warmUp(ForwardPass pass, StepBatch batch, int[] chosen) {
    long start = System.nanoTime();
    double before = Double.POSITIVE_INFINITY;
    double last = nanos(pass, batch, chosen);
    long passed = System.nanoTime() - start;
    while (passed < WARM_UP_NANOS || (last < STILL_FASTER * before && passed < WARM_UP_NANOS_MAX)) {
      before = last;
      last = nanos(pass, batch, chosen);
      passed = System.nanoTime() - start;
    }
  }

  private static long nanos(ForwardPass pass, StepBatch batch, int[] chosen) {
    long start = System.nanoTime();
    pass.run(batch, (slice, _, logits) -> chosen[slice] = StepBenchmark.likeliest(logits));
    return System.nanoTime() - start;
  }

  private Report report(long[] nanos, int first, String backend) {
    Arrays.sort(nanos);
    long median = nanos[nanos.length / 2];
    long rows = (long) settings.prompts * settings.prompt.count();
    double operations = operations(Families.network(base.config()), rows);
    return new Report(
        settings.prompts,
        settings.prompt.count(),
        tenants.size(),
        median / 1e6,
        nanos[(int) (nanos.length * 0.9)] / 1e6,
        rows * 1e9 / median,
        operations,
        operations / median,
        backend,
        settings.prompt.asList(),
        List.of(first));
  }

  /** Of linear layers but the head, two a row and weight. */
  static double operations(Network network, long rows) {
    double weights = 0;
    for (Parameter parameter : network.parameters().all()) {
      if (parameter instanceof Parameter.Matrix matrix && !matrix.vocabulary()) {
        weights += (double) matrix.rows() * matrix.columns();
      }
    }
    return 2 * weights * rows;
  }

  private StepBatch.Slice slice(int prompt) {
    ResidentDelta delta = prompt < tenants.size() ? tenants.get(prompt) : ResidentDelta.none();
    int[] pages = IntStream.range(prompt * pagesEach(), (prompt + 1) * pagesEach()).toArray();
    return new StepBatch.Slice(delta, settings.prompt.toArray(), 0, pages, LogitRows.LAST);
  }

  private int pagesEach() {
    return Math.ceilDiv(settings.prompt.count(), PAGE_TOKENS);
  }
}

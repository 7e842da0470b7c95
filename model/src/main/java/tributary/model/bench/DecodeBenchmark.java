package tributary.model.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.model.BaseModel;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/**
 * How fast a batch of sequences decodes: after a prefill, every step computes one token of each
 * sequence, greedily, and is timed.
 */
public final class DecodeBenchmark {
  private static final int PAGE_TOKENS = 16;

  /** Until then code is still being compiled. */
  private static final long WARM_UP_NANOS = 4_000_000_000L;

  /**
   * What to measure.
   *
   * @param batch sequences that decode side by side
   * @param prompt of each sequence
   * @param tokens measured steps
   */
  public record Settings(int batch, Tokens prompt, int tokens) {
    public Settings {
      within("batch", batch, 1, 1024);
      within("prompt_tokens", prompt.count(), 1, 100_000);
      within("tokens", tokens, 1, 100_000);
    }

    private static void within(String name, int value, int min, int max) {
      if (value < min || value > max) {
        throw TributaryException.parameter(name, value, min, max);
      }
    }
  }

  /**
   * What was measured.
   *
   * @param tokensPerSecond of the whole batch, over all measured steps
   * @param millisecondsPerStep median
   * @param promptTokens of each sequence, to see that engines tokenize alike
   * @param weightBytesPerStep base and delta bytes that a step must read
   * @param gigabytesPerSecond those bytes over the median step
   * @param firstTokens what the first sequence generated, to compare engines by
   */
  public record Report(
      double tokensPerSecond,
      double millisecondsPerStep,
      double millisecondsPerStepP90,
      int batch,
      int tenants,
      List<Integer> promptTokens,
      int tokens,
      String backend,
      long weightBytesPerStep,
      double gigabytesPerSecond,
      List<Integer> firstTokens) {}

  private final BaseModel base;
  private final List<ResidentDelta> tenants;
  private final Settings settings;

  /** Sequence i belongs to tenant {@code i mod tenants}; no tenants: all run the base. */
  public DecodeBenchmark(BaseModel base, List<ResidentDelta> tenants, Settings settings) {
    this.base = base;
    this.tenants = List.copyOf(tenants);
    this.settings = settings;
    int context = base.config().contextLength();
    if (positions() > context) {
      throw TributaryException.parameter("prompt_tokens + tokens", positions(), 2, context);
    }
  }

  public Report run(String backend) {
    int pages = settings.batch * Math.ceilDiv(positions(), PAGE_TOKENS);
    try (ForwardPass pass = ForwardPass.create(base, pages, PAGE_TOKENS)) {
      long start = System.nanoTime();
      do {
        decode(pass);
      } while (System.nanoTime() - start < WARM_UP_NANOS);
      return decode(pass).report(backend);
    }
  }

  /** Every sequence from its prompt to its last token; the same each time. */
  private Timed decode(ForwardPass pass) {
    List<Sequence> sequences = IntStream.range(0, settings.batch).mapToObj(this::sequence).toList();
    step(pass, sequences);
    long[] nanos = new long[settings.tokens];
    for (int step = 0; step < nanos.length; step++) {
      long start = System.nanoTime();
      step(pass, sequences);
      nanos[step] = System.nanoTime() - start;
    }
    return new Timed(nanos, sequences.getFirst());
  }

  /** The steps' times, and the first sequence. */
  private final class Timed {
    private final long[] nanos;
    private final Sequence first;

    Timed(long[] nanos, Sequence first) {
      this.nanos = nanos;
      this.first = first;
    }

    Report report(String backend) {
      double seconds = Arrays.stream(nanos).sum() / 1e9;
      Arrays.sort(nanos);
      long median = nanos[nanos.length / 2];
      long bytes = stepBytes();
      return new Report(
          settings.batch * settings.tokens / seconds,
          median / 1e6,
          nanos[(int) (nanos.length * 0.9)] / 1e6,
          settings.batch,
          Math.min(tenants.size(), settings.batch),
          settings.prompt.asList(),
          settings.tokens,
          backend,
          bytes,
          (double) bytes / median,
          first.generated);
    }
  }

  private long stepBytes() {
    return weightBytes()
        + tenants.stream().limit(settings.batch).mapToLong(tenant -> tenant.size().count()).sum();
  }

  /** What a step reads of the base: every matrix once, but of untied embeddings only some rows. */
  private long weightBytes() {
    long bytes = 0;
    String embedding = Families.network(base.config()).embedding().name();
    for (String name : base.tensors().names()) {
      boolean gathered = name.equals(embedding) && !base.config().tiedEmbeddings();
      bytes += gathered ? 0 : base.tensors().tensor(name).data().byteSize();
    }
    return bytes;
  }

  private int positions() {
    return settings.prompt.count() + settings.tokens + 1;
  }

  private static void step(ForwardPass pass, List<Sequence> sequences) {
    pass.run(
        new StepBatch(sequences.stream().map(Sequence::next).toList()),
        (slice, row, logits) -> sequences.get(slice).take(logits));
  }

  private Sequence sequence(int index) {
    ResidentDelta delta =
        tenants.isEmpty() ? ResidentDelta.none() : tenants.get(index % tenants.size());
    int pages = Math.ceilDiv(positions(), PAGE_TOKENS);
    int[] table = IntStream.range(index * pages, (index + 1) * pages).toArray();
    return new Sequence(delta, settings.prompt.toArray(), table);
  }

  /** One sequence's tokens to compute next, and how far it has come. */
  private static final class Sequence {
    private final ResidentDelta delta;
    private final int[] pages;
    private final List<Integer> generated = new ArrayList<>();
    private int[] missing;
    private int computed;

    Sequence(ResidentDelta delta, int[] prompt, int[] pages) {
      this.delta = delta;
      this.missing = prompt;
      this.pages = pages;
    }

    StepBatch.Slice next() {
      return new StepBatch.Slice(delta, missing, computed, pages, LogitRows.LAST);
    }

    void take(float[] logits) {
      int best = StepBenchmark.likeliest(logits);
      computed += missing.length;
      missing = new int[] {best};
      generated.add(best);
    }
  }
}

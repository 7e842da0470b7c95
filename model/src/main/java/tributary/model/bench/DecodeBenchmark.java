package tributary.model.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.TributaryException;

/**
 * How fast a batch of sequences decodes: after a prefill, every step computes one token of each
 * sequence, greedily, and is timed.
 */
public final class DecodeBenchmark {
  private static final int PAGE_TOKENS = 16;
  private static final int WARM_UP_STEPS_MAX = 64;

  /**
   * What to measure.
   *
   * @param batch sequences that decode side by side
   * @param promptTokens of each sequence
   * @param tokens measured steps
   */
  public record Settings(int batch, int promptTokens, int tokens) {
    public Settings {
      within("batch", batch, 1, 1024);
      within("prompt_tokens", promptTokens, 1, 100_000);
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
   * @param weightBytesPerStep base and delta bytes that a step must read
   * @param gigabytesPerSecond those bytes over the median step
   * @param firstTokens what the first sequence generated first, to compare engines by
   */
  public record Report(
      double tokensPerSecond,
      double millisecondsPerStep,
      double millisecondsPerStepP90,
      int batch,
      int tenants,
      int promptTokens,
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
    if (settings.promptTokens + positionsAfterPrompt() > context) {
      throw TributaryException.parameter(
          "prompt_tokens + tokens", settings.promptTokens + settings.tokens, 2, context);
    }
  }

  public Report run(String backend) {
    int pagesEach = Math.ceilDiv(settings.promptTokens + positionsAfterPrompt(), PAGE_TOKENS);
    try (ForwardPass pass = ForwardPass.create(base, pagesEach * settings.batch, PAGE_TOKENS)) {
      List<Sequence> sequences =
          IntStream.range(0, settings.batch).mapToObj(i -> sequence(i, pagesEach)).toList();
      step(pass, sequences);
      for (int step = 0; step < warmUpSteps(); step++) {
        step(pass, sequences);
      }
      long[] nanos = new long[settings.tokens];
      for (int step = 0; step < nanos.length; step++) {
        long start = System.nanoTime();
        step(pass, sequences);
        nanos[step] = System.nanoTime() - start;
      }
      return report(backend, nanos, sequences.getFirst());
    }
  }

  private Report report(String backend, long[] nanos, Sequence first) {
    double seconds = Arrays.stream(nanos).sum() / 1e9;
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    long median = sorted[sorted.length / 2];
    long bytes =
        weightBytes()
            + tenants.stream()
                .limit(settings.batch)
                .mapToLong(tenant -> tenant.size().count())
                .sum();
    return new Report(
        settings.batch * settings.tokens / seconds,
        median / 1e6,
        sorted[(int) (sorted.length * 0.9)] / 1e6,
        settings.batch,
        Math.min(tenants.size(), settings.batch),
        settings.promptTokens,
        settings.tokens,
        backend,
        bytes,
        (double) bytes / median,
        first.generated.subList(0, Math.min(8, first.generated.size())));
  }

  /** What a step reads of the base: every matrix once, but of untied embeddings only some rows. */
  private long weightBytes() {
    long bytes = 0;
    for (String name : base.tensors().names()) {
      boolean gathered = name.contains("embed_tokens") && !base.config().tiedEmbeddings();
      bytes += gathered ? 0 : base.tensors().tensor(name).data().byteSize();
    }
    return bytes;
  }

  private int warmUpSteps() {
    return Math.min(WARM_UP_STEPS_MAX, settings.tokens);
  }

  private int positionsAfterPrompt() {
    return warmUpSteps() + settings.tokens + 1;
  }

  private static void step(ForwardPass pass, List<Sequence> sequences) {
    pass.run(
        new StepBatch(sequences.stream().map(Sequence::next).toList()),
        (slice, row, logits) -> sequences.get(slice).take(logits));
  }

  private Sequence sequence(int index, int pagesEach) {
    ResidentDelta delta =
        tenants.isEmpty() ? ResidentDelta.none() : tenants.get(index % tenants.size());
    int[] prompt = new int[settings.promptTokens];
    Arrays.setAll(prompt, i -> 3 + (i * 31 + 7) % (base.config().vocabularySize() - 3));
    int[] pages = IntStream.range(index * pagesEach, (index + 1) * pagesEach).toArray();
    return new Sequence(delta, prompt, pages);
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
      int best = 0;
      for (int token = 1; token < logits.length; token++) {
        if (logits[token] > logits[best]) {
          best = token;
        }
      }
      computed += missing.length;
      missing = new int[] {best};
      generated.add(best);
    }
  }
}

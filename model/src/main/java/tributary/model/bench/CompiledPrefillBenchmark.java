package tributary.model.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.gpu.RowRun;
import tributary.gpu.SequenceRows;
import tributary.gpu.program.CompiledSteps;
import tributary.gpu.program.CompiledSteps.Wanted;
import tributary.gpu.program.CompiledTenant;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.protocol.TributaryException;

/** How fast a device reads prompts that come together: one a sequence, from its first token. */
public final class CompiledPrefillBenchmark {
  private static final int PAGE_TOKENS = 16;
  private static final int WARM_UP_STEPS = 5;

  /**
   * What to measure.
   *
   * @param prompts side by side
   * @param tokens of each
   * @param tenants that the first prompts belong to, one each; further ones run the base
   * @param code of each tenant's difference, over all matrices but embeddings and head
   * @param steps that are timed, each of all prompts
   */
  public record Settings(
      ModelShape shape, int prompts, int tokens, int tenants, RandomCode code, int steps) {
    public Settings {
      within("prompts", prompts, 1, 1024);
      within("tokens", tokens, 1, 1 << 20);
      within("tenants", tenants, 0, prompts);
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
   * @param size of the code: planes, bits, rows of a vector or rank
   * @param operationsPerStep of linear layers but the head, two a token and weight
   */
  public record Report(
      String shape,
      int prompts,
      int tokens,
      int tenants,
      String codec,
      int size,
      double millisecondsPerStep,
      double millisecondsPerStepP90,
      double tokensPerSecond,
      double operationsPerStep,
      double teraflopsPerSecond,
      String device) {}

  private final Settings settings;
  private final Network network;
  private final KvShape cache;

  public CompiledPrefillBenchmark(Settings settings) {
    this.settings = settings;
    ModelConfig config = settings.shape.config();
    this.network = Families.network(config);
    int pages = Math.ceilDiv(settings.tokens, PAGE_TOKENS);
    this.cache =
        ForwardPass.kvShape(config, Math.multiplyExact(settings.prompts, pages), PAGE_TOKENS);
  }

  /**
   * @throws TributaryException {@code config} when the backend does not compile steps
   */
  public Report run(Backend backend) {
    return new CompiledVariants(network, cache, settings.tenants, settings.code)
        .measure(backend, (steps, tenants) -> run(steps, tenants, backend));
  }

  private Report run(CompiledSteps steps, List<CompiledTenant> tenants, Backend backend) {
    CompiledSteps.Rows rows = rows(tenants);
    double[] milliseconds = new double[settings.steps];
    for (int i = -WARM_UP_STEPS; i < settings.steps; i++) {
      long begin = System.nanoTime();
      steps.run(rows, CompiledDecodeBenchmark.IGNORED);
      if (i >= 0) {
        milliseconds[i] = (System.nanoTime() - begin) / 1e6;
      }
    }
    Arrays.sort(milliseconds);
    double median = milliseconds[settings.steps / 2];
    double operations = operations();
    return new Report(
        settings.shape.shapeName(),
        settings.prompts,
        settings.tokens,
        settings.tenants,
        settings.code.kind().codec(),
        settings.code.size(),
        median,
        milliseconds[(int) (settings.steps * 0.9)],
        (double) settings.prompts * settings.tokens / median * 1e3,
        operations,
        operations / median / 1e9,
        backend.description());
  }

  private CompiledSteps.Rows rows(List<CompiledTenant> tenants) {
    int pages = cache.pages() / settings.prompts;
    int count = Math.multiplyExact(settings.prompts, settings.tokens);
    int vocabulary = settings.shape.config().vocabularySize();
    List<SequenceRows> sequences = new ArrayList<>();
    List<RowRun<CompiledTenant>> runs = new ArrayList<>();
    List<Wanted> wanted = new ArrayList<>(Collections.nCopies(count, Wanted.NOTHING));
    for (int prompt = 0; prompt < settings.prompts; prompt++) {
      int first = prompt * settings.tokens;
      int[] table = IntStream.range(prompt * pages, (prompt + 1) * pages).toArray();
      sequences.add(new SequenceRows(first, settings.tokens, 0, table));
      wanted.set(first + settings.tokens - 1, Wanted.CHOICE);
      if (prompt < tenants.size()) {
        runs.add(new RowRun<>(first, settings.tokens, tenants.get(prompt)));
      }
    }
    int[] tokens = IntStream.range(0, count).map(row -> row % vocabulary).toArray();
    return new CompiledSteps.Rows(tokens, runs, sequences, wanted);
  }

  private double operations() {
    return PrefillBenchmark.operations(network, (long) settings.prompts * settings.tokens);
  }
}

package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.bench.CompiledPrefillBenchmark;
import tributary.model.bench.PrefillBenchmark;
import tributary.model.bench.RandomCode;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Measures how fast prompts are read. */
@Command(name = "prefill", description = "Measure how fast prompts are read that come together.")
final class BenchPrefillCommand implements Callable<Integer> {
  private static final int TOKENS_MAX = 100_000;

  @Mixin private BaseWeights weights = new BaseWeights();

  @Option(
      names = "--prompts",
      defaultValue = "4",
      paramLabel = "B",
      description = "Prompts side by side (default: ${DEFAULT-VALUE}).")
  private int prompts;

  @Option(
      names = "--tokens",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of each prompt (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "The prompt of each, with --base; instead of any --tokens.")
  private @Nullable String prompt;

  @Option(
      names = "--tenants",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Tenants that the first prompts belong to, each with a random delta (default:"
              + " ${DEFAULT-VALUE}).")
  private int tenants;

  @Mixin private RandomCodeOptions code = new RandomCodeOptions();

  @Option(
      names = "--steps",
      defaultValue = "20",
      paramLabel = "N",
      description = "Steps to measure, each of all prompts (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    if (tenants < 0 || tenants > prompts) {
      throw TributaryException.parameter("tenants", tenants, 0, prompts);
    }
    if (prompt != null && weights.directory() == null) {
      throw new TributaryException(
          ErrorCode.USAGE, "prompt: random weights have no tokenizer; give --tokens or --base");
    }
    RandomCode random = code.code();
    try (Backend device = backend.open()) {
      if (weights.directory() == null && device.compiler().isPresent()) {
        measureCompiled(device, random);
      } else {
        measure(device, code.planes());
      }
    }
    return 0;
  }

  /** Weights, codes and steps on a device that compiles steps. */
  private void measureCompiled(Backend device, RandomCode random) {
    var settings =
        new CompiledPrefillBenchmark.Settings(
            weights.shape(), prompts, tokens, tenants, random, steps);
    var found = new CompiledPrefillBenchmark(settings).run(device);
    report.print(
        found,
        to ->
            to.printf(
                "%s, %d prompts of %d tokens, tenants %d, %s %d: %.1f ms a step (p90 %.1f), %.0f tokens/s, %.0f TFLOP/s in linear layers, %s%n",
                found.shape(),
                found.prompts(),
                found.tokens(),
                found.tenants(),
                found.codec(),
                found.size(),
                found.millisecondsPerStep(),
                found.millisecondsPerStepP90(),
                found.tokensPerSecond(),
                found.teraflopsPerSecond(),
                found.device()));
  }

  private void measure(Backend device, int planes) {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try (BaseModel base = weights.open(device)) {
      try {
        var settings =
            new PrefillBenchmark.Settings(prompts, tokens(base.config().vocabularySize()), steps);
        var residents = BenchDecodeCommand.randomTenants(base, tenants, planes, opened);
        var found = new PrefillBenchmark(base, residents, settings).run(device.name());
        report.print(
            found,
            to ->
                to.printf(
                    "%s, %d prompts of %d tokens, tenants %d: %.1f ms a step (p90 %.1f), %.0f tokens/s, %.0f GFLOP/s in linear layers, %s%n",
                    weights.name(),
                    found.prompts(),
                    found.tokens(),
                    found.tenants(),
                    found.millisecondsPerStep(),
                    found.millisecondsPerStepP90(),
                    found.tokensPerSecond(),
                    found.gigaflopsPerSecond(),
                    device.description()));
      } finally {
        BenchDecodeCommand.closeAll(opened);
      }
    }
  }

  /** The prompt's, or any. */
  private Tokens tokens(int vocabulary) {
    Path directory = weights.directory();
    if (prompt != null && directory != null) {
      try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
        return tokenizer.encode(prompt, true);
      }
    }
    if (tokens < 1 || tokens > TOKENS_MAX) {
      throw TributaryException.parameter("tokens", tokens, 1, TOKENS_MAX);
    }
    return Tokens.of(IntStream.range(0, tokens).map(token -> token % vocabulary).toArray());
  }
}

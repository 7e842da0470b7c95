package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.model.bench.CompiledDecodeBenchmark;
import tributary.model.bench.DecodeBenchmark;
import tributary.model.bench.RandomCode;
import tributary.model.bench.RandomDelta;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Measures decode speed. */
@Command(
    name = "decode",
    description = "Measure how fast a batch of sequences decodes, over any number of tenants.")
final class BenchDecodeCommand implements Callable<Integer> {
  private static final int TENANTS_MAX = 1024;

  @Mixin private BaseWeights weights = new BaseWeights();

  @Option(
      names = {"--batch", "--rows"},
      defaultValue = "1",
      paramLabel = "B",
      description = "Sequences side by side (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--tenants",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Tenants that the sequences belong to, each with a random delta; 0: all run the base"
              + " (default: ${DEFAULT-VALUE}).")
  private int tenants;

  @Mixin private RandomCodeOptions code = new RandomCodeOptions();

  @Option(
      names = "--context",
      defaultValue = "512",
      paramLabel = "L",
      description =
          "Positions that each row attends to, with --shape on a device (default: ${DEFAULT-VALUE}).")
  private int context;

  @Option(
      names = "--delta",
      paramLabel = "FILE",
      description =
          "A delta file or LoRA adapter's directory to use as a tenant, instead of random ones;"
              + " repeatable.")
  private List<Path> deltas = new ArrayList<>();

  @Option(
      names = "--prompt",
      defaultValue = "Once upon a time",
      paramLabel = "TEXT",
      description = "Prompt of each sequence, with --base (default: ${DEFAULT-VALUE}).")
  private String prompt = "";

  @Option(
      names = "--prompt-tokens",
      defaultValue = "16",
      paramLabel = "N",
      description = "Prompt length of each sequence, with --shape (default: ${DEFAULT-VALUE}).")
  private int promptTokens;

  @Option(
      names = "--tokens",
      defaultValue = "128",
      paramLabel = "N",
      description = "Steps to measure (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    if (tenants < 0 || tenants > TENANTS_MAX) {
      throw TributaryException.parameter("tenants", tenants, 0, TENANTS_MAX);
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

  /** Weights, signs and steps on a device that compiles steps. */
  private void measureCompiled(Backend device, RandomCode random) {
    var settings =
        new CompiledDecodeBenchmark.Settings(
            weights.shape(), batch, tenants, random, context, tokens);
    var found = new CompiledDecodeBenchmark(settings).run(device);
    report.print(
        found,
        to ->
            to.printf(
                "%s, rows %d, tenants %d, %s %d, context %d: %.3f ms a step (p90 %.3f), host %.3f ms, %.0f GB/s, %s%n",
                found.shape(),
                found.rows(),
                found.tenants(),
                found.codec(),
                found.size(),
                found.context(),
                found.millisecondsPerStep(),
                found.millisecondsPerStepP90(),
                found.hostMillisecondsPerStep(),
                found.gigabytesPerSecond(),
                found.device()));
  }

  private void measure(Backend device, int planes) {
    var settings = new DecodeBenchmark.Settings(batch, promptTokens(), tokens);
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try (BaseModel base = weights.open(device)) {
      try {
        var found =
            new DecodeBenchmark(base, openTenants(base, planes, opened), settings)
                .run(device.name());
        report.print(
            found,
            to ->
                to.printf(
                    "batch %d, tenants %d: %.1f tokens/s, %.2f ms a step (p90 %.2f), %.1f GB/s of weights, %s%n",
                    found.batch(),
                    found.tenants(),
                    found.tokensPerSecond(),
                    found.millisecondsPerStep(),
                    found.millisecondsPerStepP90(),
                    found.gigabytesPerSecond(),
                    device.description()));
      } finally {
        closeAll(opened);
      }
    }
  }

  private Tokens promptTokens() {
    Path directory = weights.directory();
    if (directory != null) {
      try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
        return tokenizer.encode(prompt, true);
      }
    }
    return Tokens.of(IntStream.range(3, 3 + Math.max(0, promptTokens)).toArray());
  }

  private List<ResidentDelta> openTenants(BaseModel base, int planes, Deque<AutoCloseable> opened) {
    if (deltas.isEmpty()) {
      return randomTenants(base, tenants, planes, opened);
    }
    List<ResidentDelta> residents = new ArrayList<>();
    for (Path file : deltas) {
      ResidentDelta resident = ResidentDelta.load(file, base);
      opened.push(resident);
      residents.add(resident);
    }
    return residents;
  }

  /** Random deltas, each another's; adds what is to be closed to {@code opened}. */
  static List<ResidentDelta> randomTenants(
      BaseModel base, int count, int planes, Deque<AutoCloseable> opened) {
    List<ResidentDelta> residents = new ArrayList<>();
    for (int tenant = 0; tenant < count; tenant++) {
      RandomDelta random = new RandomDelta(base, planes, tenant + 1L);
      opened.push(random);
      residents.add(random.delta());
    }
    return residents;
  }

  static void closeAll(Deque<AutoCloseable> opened) {
    for (AutoCloseable each : opened) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError("closing memory does not fail", e);
      }
    }
  }
}

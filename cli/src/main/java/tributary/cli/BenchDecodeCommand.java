package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.model.bench.DecodeBenchmark;
import tributary.model.bench.ModelShape;
import tributary.model.bench.RandomDelta;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Measures decode speed. */
@Command(
    name = "decode",
    description = "Measure how fast a batch of sequences decodes, over any number of tenants.")
final class BenchDecodeCommand implements Callable<Integer> {
  private static final int TENANTS_MAX = 1024;

  @ArgGroup(multiplicity = "1")
  private Weights weights = new Weights();

  /** Where the base comes from. */
  private static final class Weights {
    @Option(
        names = "--base",
        paramLabel = "DIR",
        description = "Hugging Face directory of the base.")
    private @Nullable Path base;

    @Option(
        names = "--shape",
        paramLabel = "NAME",
        description = "Random weights of this shape: demo or tinyllama-1.1b.")
    private @Nullable String shape;
  }

  @Option(
      names = "--batch",
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

  @Option(
      names = "--planes",
      defaultValue = "1",
      paramLabel = "P",
      description = "Sign planes of each tenant's delta (default: ${DEFAULT-VALUE}).")
  private int planes;

  @Option(
      names = "--delta",
      paramLabel = "FILE",
      description = "A delta file to use as a tenant, instead of random ones; repeatable.")
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
    var settings = new DecodeBenchmark.Settings(batch, promptTokens(), tokens);
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try (Backend device = backend.open();
        BaseModel base = openBase(device)) {
      try {
        var found =
            new DecodeBenchmark(base, openTenants(base, opened), settings).run(device.name());
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
    return 0;
  }

  private Tokens promptTokens() {
    if (weights.base != null) {
      try (TextTokenizer tokenizer = TextTokenizer.open(weights.base)) {
        return tokenizer.encode(prompt, true);
      }
    }
    return Tokens.of(IntStream.range(3, 3 + Math.max(0, promptTokens)).toArray());
  }

  private BaseModel openBase(Backend device) {
    if (weights.base != null) {
      return BaseModel.load(weights.base, device);
    }
    String name = String.valueOf(weights.shape);
    return ModelShape.named(name)
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.USAGE,
                "shape %s is unknown; known are %s".formatted(Quoted.of(name), ModelShape.names())))
        .random(device, 1);
  }

  private List<ResidentDelta> openTenants(BaseModel base, Deque<AutoCloseable> opened) {
    List<ResidentDelta> residents = new ArrayList<>();
    for (Path file : deltas) {
      ResidentDelta resident = ResidentDelta.load(file, base);
      opened.push(resident);
      residents.add(resident);
    }
    for (int tenant = 0; deltas.isEmpty() && tenant < tenants; tenant++) {
      RandomDelta random = new RandomDelta(base, planes, tenant + 1L);
      opened.push(random);
      residents.add(random.delta());
    }
    return residents;
  }

  private static void closeAll(Deque<AutoCloseable> opened) {
    for (AutoCloseable each : opened) {
      try {
        each.close();
      } catch (Exception e) {
        throw new AssertionError("closing memory does not fail", e);
      }
    }
  }
}

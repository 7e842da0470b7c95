package tributary.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tributary.compression.Codec;
import tributary.compression.DeltaEncoder;
import tributary.compression.quality.Evaluation;
import tributary.compression.quality.Quality;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;

/** Compresses fine-tunes with several settings and measures what each keeps. */
@Command(
    name = "quality",
    description =
        "Compress fine-tunes with several codec settings; tabulate size, exact match, perplexity.")
final class BenchQualityCommand implements Callable<Integer> {
  @Option(names = "--base", required = true, paramLabel = "DIR", description = "The base.")
  private Path base = Path.of("");

  @Option(
      names = "--models",
      required = true,
      paramLabel = "DIR",
      description = "Directory that holds the fine-tunes' directories.")
  private Path models = Path.of("");

  @Option(
      names = "--tasks",
      required = true,
      paramLabel = "DIR",
      description = "Directory that holds NAME/test.jsonl for each fine-tune.")
  private Path tasks = Path.of("");

  @Option(
      names = "--name",
      required = true,
      split = ",",
      paramLabel = "NAME",
      description = "Fine-tunes to measure, separated by commas.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--codec",
      required = true,
      paramLabel = "NAME[:KEY=VALUE,...]",
      description = "A codec with its settings, such as bitdelta:planes=1,scales=row; repeatable.")
  private List<String> codecs = new ArrayList<>();

  @Option(
      names = "--limit",
      defaultValue = "500",
      paramLabel = "N",
      description = "Records of each task (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write the table as Markdown, too.")
  private @Nullable Path markdown;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  @Spec private CommandSpec spec;

  /** What is printed; the JSON names are stable. */
  private record Table(String date, String machine, String command, int limit, List<Row> rows) {}

  /** One fine-tune under one codec; no codec is the fine-tune as it is. */
  private record Row(
      String model,
      @Nullable String codec,
      @Nullable Long fileBytes,
      double ratio,
      double bitsPerWeight,
      double exactMatch,
      double perplexity) {}

  @Override
  public Integer call() throws IOException {
    List<Row> rows = new ArrayList<>();
    Path scratch = Files.createTempDirectory("tributary-quality");
    try (Backend device = backend.open()) {
      for (String name : names) {
        rows.add(uncompressed(device, name));
        for (String codec : codecs) {
          Path file = scratch.resolve("delta.safetensors");
          rows.add(compressed(device, name, codec, file));
          Files.delete(file);
        }
      }
      var table =
          new Table(
              LocalDate.now(ZoneOffset.UTC).toString(), machine(device), command(), limit, rows);
      report.print(table, to -> print(to, table));
      if (markdown != null) {
        write(markdown, table);
      }
    } finally {
      Files.delete(scratch);
    }
    return 0;
  }

  private Row uncompressed(Backend device, String name) {
    try (BaseModel model = BaseModel.load(models.resolve(name), device)) {
      Quality quality = measure(name, model, ResidentDelta.none());
      return row(name, null, null, 1, 16, quality);
    }
  }

  private Row compressed(Backend device, String name, String codec, Path file) {
    var job = new DeltaEncoder.Job(base, models.resolve(name), name, codec(codec), file);
    DeltaEncoder.Summary summary = DeltaEncoder.encode(job, (_, _) -> {});
    long bytes = summary.fileSize().count();
    try (BaseModel model = BaseModel.load(base, device);
        ResidentDelta delta = ResidentDelta.load(file, model)) {
      return row(
          name,
          codec,
          bytes,
          summary.ratio(),
          8.0 * bytes / summary.manifest().originalElements(),
          measure(name, model, delta));
    }
  }

  private static Row row(
      String name,
      @Nullable String codec,
      @Nullable Long bytes,
      double ratio,
      double bits,
      Quality quality) {
    double exactMatch = quality.exactMatch() == null ? 0 : quality.exactMatch();
    return new Row(name, codec, bytes, ratio, bits, exactMatch, quality.perplexity());
  }

  private Quality measure(String name, BaseModel model, ResidentDelta delta) {
    try (var bar = ReportOptions.progress(name, 0, "records");
        Evaluation evaluation =
            Evaluation.open(base, List.of(new Evaluation.Variant(model, delta)))) {
      return evaluation
          .task(
              tasks.resolve(name).resolve("test.jsonl"),
              limit,
              (done, of) -> {
                bar.maxHint(of);
                bar.stepTo(done);
              })
          .getFirst()
          .quality();
    }
  }

  private static Codec codec(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return Codec.named(text, Map.of());
    }
    Map<String, String> settings =
        List.of(text.substring(colon + 1).split(",", -1)).stream()
            .map(pair -> pair.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair.length == 2 ? pair[1] : ""));
    return Codec.named(text.substring(0, colon), settings);
  }

  private String command() {
    List<String> arguments = spec.root().commandLine().getParseResult().originalArgs();
    return "./tributary " + String.join(" ", arguments);
  }

  private static String machine(Backend device) {
    return "%d processors, Java %s, %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            Runtime.version().feature(),
            device.description());
  }

  private static void print(PrintStream to, Table table) {
    to.println(
        "| fine-tune | codec | file, bytes | ratio | bits/weight | exact match | perplexity |");
    to.println("|---|---|---|---|---|---|---|");
    for (Row row : table.rows) {
      to.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.2f | %.2f | %.1f%% | %.4f |%n",
          row.model,
          row.codec == null ? "none" : "`" + row.codec + "`",
          row.fileBytes == null ? "" : String.format(Locale.ROOT, "%,d", row.fileBytes),
          row.ratio,
          row.bitsPerWeight,
          100 * row.exactMatch,
          row.perplexity);
    }
  }

  private static void write(Path file, Table table) {
    try (PrintStream to =
        new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
      to.printf("# What compressed fine-tunes keep%n%n");
      to.printf(
          "First %d test records of each task; %s; %s. Made by%n%n",
          table.limit, table.date, table.machine);
      to.printf("    %s%n%n", table.command);
      print(to, table);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

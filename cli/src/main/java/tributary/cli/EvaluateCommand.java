package tributary.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tributary.compression.quality.Evaluation;
import tributary.compression.quality.Fidelity;
import tributary.compression.quality.Quality;
import tributary.compression.quality.compare.CodecComparison;
import tributary.compression.quality.report.Comparison;
import tributary.compression.quality.report.ReportFiles;
import tributary.gpu.Backend;
import tributary.protocol.TributaryException;

/** Measures a variant's quality on a task or a text. */
@Command(
    name = "evaluate",
    description =
        "Measure exact match and perplexity of the base, a delta on it, or a whole fine-tune; or"
            + " compare what codecs keep of several fine-tunes.")
final class EvaluateCommand implements Callable<Integer> {
  private static final int LIMIT_MAX = 1_000_000;
  private static final int RECORDS = 500;
  private static final int WINDOWS = 200;

  @Mixin private VariantOptions variant = new VariantOptions();

  @ArgGroup(multiplicity = "1")
  private Work work = new Work();

  /** Measure one variant on a task or a text, or compare many. */
  private static final class Work {
    @Option(
        names = "--task",
        paramLabel = "FILE",
        description = "JSON lines, each with prompt and completion.")
    private @Nullable Path task;

    @Option(
        names = "--text",
        paramLabel = "FILE",
        description = "Text; documents are separated by <|endoftext|>.")
    private @Nullable Path text;

    @ArgGroup(exclusive = false, heading = "Comparing codecs:%n")
    private @Nullable CompareOptions compare;
  }

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Records of the task (default: 500), or windows of the text (default: 200).")
  private @Nullable Integer limit;

  @Mixin private ReportOptions report = new ReportOptions();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (limit != null && (limit < 1 || limit > LIMIT_MAX)) {
      throw TributaryException.parameter("limit", limit, 1, LIMIT_MAX);
    }
    if (work.compare != null) {
      compare(work.compare);
    } else {
      measure();
    }
    return 0;
  }

  private void compare(CompareOptions options) {
    var plan = options.plan(variant.base(), variant.models());
    var extent =
        new CodecComparison.Extent(
            limit == null ? RECORDS : limit, options.samples(), options.report());
    try (Backend backend = variant.openBackend()) {
      Comparison comparison = new ComparisonRun(plan, extent, backend).run(command());
      report.print(comparison, to -> to.print(ReportFiles.tables(comparison)));
    }
  }

  private String command() {
    List<String> arguments = spec.root().commandLine().getParseResult().originalArgs();
    return "./tributary " + String.join(" ", arguments);
  }

  private void measure() {
    Quality quality;
    try (VariantOptions.Opened opened = variant.open();
        ProgressBar bar = ReportOptions.progress("evaluate", 0, "records");
        Evaluation evaluation =
            Evaluation.open(
                opened.directory(),
                List.of(new Evaluation.Variant(opened.model(), opened.delta())))) {
      quality = measure(evaluation, bar).getFirst().quality();
    }
    report.print(
        quality,
        to ->
            to.printf(
                "%sperplexity %.4f, %,d records, %,d tokens, %.1f s%n",
                quality.exactMatch() == null
                    ? ""
                    : "exact match %.1f%%, ".formatted(100 * quality.exactMatch()),
                quality.perplexity(),
                quality.records(),
                quality.tokens(),
                quality.seconds()));
  }

  private List<Fidelity> measure(Evaluation evaluation, ProgressBar bar) {
    Evaluation.Progress progress =
        (done, of) -> {
          bar.maxHint(of);
          bar.stepTo(done);
        };
    return work.task != null
        ? evaluation.task(work.task, limit != null ? limit : RECORDS, progress)
        : evaluation.text(
            Objects.requireNonNull(work.text), limit != null ? limit : WINDOWS, progress);
  }
}

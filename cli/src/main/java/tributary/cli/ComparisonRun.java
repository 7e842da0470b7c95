package tributary.cli;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import tributary.compression.CodecText;
import tributary.compression.DeltaEncoder;
import tributary.compression.quality.compare.CodecComparison;
import tributary.compression.quality.compare.Served;
import tributary.compression.quality.report.Comparison;
import tributary.compression.quality.report.ReportFiles;
import tributary.gpu.Backend;

/** Runs {@code evaluate --compare} with a bar on standard error for each part of the work. */
final class ComparisonRun {
  private final CodecComparison.Plan plan;
  private final CodecComparison.Extent extent;
  private final Backend backend;

  ComparisonRun(CodecComparison.Plan plan, CodecComparison.Extent extent, Backend backend) {
    this.plan = plan;
    this.extent = extent;
    this.backend = backend;
  }

  /** Compares, and writes the report's files where they are wanted. */
  Comparison run(String command) {
    plan.codecs().forEach(codec -> CodecText.parse(Served.parse(codec).codec()));
    try (Bars bars = new Bars()) {
      var rows = new CodecComparison(plan, extent, backend, this::compress, bars).run();
      var run =
          new Comparison.Circumstances(
              LocalDate.now(ZoneOffset.UTC).toString(),
              machine(),
              command,
              extent.limit(),
              extent.samples());
      Comparison comparison = Comparison.of(run, rows);
      if (extent.directory() != null) {
        ReportFiles.write(comparison, extent.directory());
      }
      return comparison;
    }
  }

  private void compress(CodecComparison.Order order) {
    var calibration =
        new DeltaEncoder.Calibration(
            order.calibration(), extent.samples(), DeltaEncoder.Calibration.USUAL_TOKENS, backend);
    var job =
        new DeltaEncoder.Job(
            plan.base(),
            order.model(),
            order.name(),
            CodecText.parse(order.codec()),
            order.out(),
            Optional.of(calibration));
    DeltaEncoder.encode(job, (_, _) -> {});
  }

  private String machine() {
    return "%d processors, Java %s, %s"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            Runtime.version().feature(),
            backend.description());
  }

  /** One bar at a time, for the part that is under way. */
  private static final class Bars implements CodecComparison.Watch, AutoCloseable {
    private @Nullable ProgressBar bar;

    @Override
    public void started(String part) {
      close();
      bar = ReportOptions.progress(part, 0, "records");
    }

    @Override
    public void advanced(int done, int of) {
      if (bar != null) {
        bar.maxHint(of);
        bar.stepTo(done);
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
        bar = null;
      }
    }
  }
}

package tributary.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.Codec;
import tributary.compression.DeltaEncoder;
import tributary.gpu.Backend;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Compresses the difference between a fine-tune and its base into a delta file. */
@Command(
    name = "compress",
    description = "Compress a fine-tune's whole difference to its base into a delta file.")
final class CompressCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face directory of the base.")
  private Path base = Path.of("");

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face directory of the fine-tune.")
  private Path model = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Delta file to write.")
  private Path out = Path.of("");

  @Mixin private CodecOptions codec = new CodecOptions();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the file calls the fine-tune (default: its directory's name).")
  private @Nullable String name;

  @Option(names = "--force", description = "Replace an existing file.")
  private boolean force;

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(
      String file,
      String codec,
      Map<String, String> settings,
      long fileBytes,
      long originalBytes,
      double ratio,
      double bitsPerWeight,
      int storedTensors,
      int unchangedTensors,
      double relativeError,
      List<String> reasons,
      double seconds) {}

  @Override
  public Integer call() {
    if (!force && out.toFile().exists()) {
      throw new TributaryException(
          ErrorCode.USAGE, out + " exists; name another file or add --force");
    }
    Codec chosen = codec.codec();
    long start = System.nanoTime();
    DeltaEncoder.Summary summary;
    try (Backend backend = codec.openBackend();
        ProgressBar bar = ReportOptions.progress("compress", 0, "weights")) {
      var job =
          new DeltaEncoder.Job(base, model, modelName(), chosen, out, codec.calibration(backend));
      summary =
          DeltaEncoder.encode(
              job,
              (done, all) -> {
                bar.maxHint(all);
                bar.stepTo(done);
              });
    }
    print(summary, (System.nanoTime() - start) / 1e9);
    return 0;
  }

  private String modelName() {
    return name != null ? name : model.toAbsolutePath().normalize().getFileName().toString();
  }

  private void print(DeltaEncoder.Summary summary, double seconds) {
    var manifest = summary.manifest();
    var result =
        new Result(
            out.toString(),
            manifest.codec(),
            manifest.codecSettings(),
            summary.fileSize().count(),
            manifest.originalBytes(),
            summary.ratio(),
            8.0 * summary.fileSize().count() / manifest.originalElements(),
            summary.stored(),
            summary.unchanged(),
            summary.relativeError(),
            summary.reasons(),
            seconds);
    report.print(
        result,
        to -> {
          result.reasons.forEach(to::println);
          to.printf(
              "%s: %s %s, %,d bytes, %.1f times smaller, %.2f bits per weight, relative error %.3f, in %.1f s%n",
              result.file,
              result.codec,
              result.settings,
              result.fileBytes,
              result.ratio,
              result.bitsPerWeight,
              result.relativeError,
              result.seconds);
        });
  }
}

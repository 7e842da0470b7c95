package tributary.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.Codec;
import tributary.compression.DeltaEncoder;
import tributary.compression.quality.compare.PeakHeap;
import tributary.compression.quality.compare.PeakResident;
import tributary.gpu.Backend;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Compresses the difference between a fine-tune and its base into a delta file. */
@Command(
    name = "compress",
    description = {
      "Compress a fine-tune's whole difference to its base into a delta file.",
      "Both models stay in their files. Memory holds the largest layer's weights and statistics (squares"
          + " of its inputs) with what is computed of them, the activations of 2,048 tokens, and the"
          + " delta; what all calibration tokens have come to is kept in a nameless file beside --out."
          + " Any-Precision, distillation and auto hold one fp32 copy of the model besides."
    })
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

  @Option(
      names = "--resume",
      description =
          "Keep each finished layer in FILE.layers until all are, and go on behind those found there"
              + " after an interruption; codecs that look at records only.")
  private boolean resume;

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
      long peakHeapBytes,
      @Nullable Long peakResidentBytes,
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
    Bytes peak;
    try (PeakHeap heap = PeakHeap.watch();
        Backend backend = codec.openBackend();
        ProgressBar bar = ReportOptions.progress("compress", 0, "weights")) {
      var job =
          new DeltaEncoder.Job(
              base, model, modelName(), chosen, out, codec.calibration(backend, layers()));
      summary =
          DeltaEncoder.encode(
              job,
              (done, all) -> {
                bar.maxHint(all);
                bar.stepTo(done);
              });
      peak = heap.peak();
    }
    print(summary, peak, (System.nanoTime() - start) / 1e9);
    return 0;
  }

  private @Nullable Path layers() {
    return resume ? out.resolveSibling(out.getFileName() + ".layers") : null;
  }

  private String modelName() {
    return name != null ? name : model.toAbsolutePath().normalize().getFileName().toString();
  }

  private void print(DeltaEncoder.Summary summary, Bytes peak, double seconds) {
    var manifest = summary.manifest();
    OptionalLong resident = PeakResident.bytes();
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
            peak.count(),
            resident.isPresent() ? resident.getAsLong() : null,
            seconds);
    report.print(
        result,
        to -> {
          result.reasons.forEach(to::println);
          to.printf(
              "%s: %s %s, %,d bytes, %.1f times smaller, %.2f bits per weight, relative error %.3f, in %.1f s and at most %,d MB of heap after a collection%s%n",
              result.file,
              result.codec,
              result.settings,
              result.fileBytes,
              result.ratio,
              result.bitsPerWeight,
              result.relativeError,
              result.seconds,
              result.peakHeapBytes / 1_000_000,
              result.peakResidentBytes == null
                  ? ""
                  : ", %,d MB resident with mapped files"
                      .formatted(result.peakResidentBytes / 1_000_000));
        });
  }
}

package tributary.cli;

import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.inspect.SizeForecast;
import tributary.model.ModelConfig;
import tributary.model.bench.ModelShape;
import tributary.tensor.container.DeltaFile;

/** Says what a delta would take, from shapes alone. */
@Command(
    name = "size",
    description = "Say what the delta of a model would take, from its shapes alone.")
final class SizeCommand implements Callable<Integer> {
  @ArgGroup(multiplicity = "1")
  private Shapes shapes = new Shapes();

  /** Whose shapes. */
  private static final class Shapes {
    @Option(
        names = "--shape",
        paramLabel = "NAME",
        description = "A published model: ${COMPLETION-CANDIDATES}.")
    private @Nullable ModelShape shape;

    @Option(
        names = "--base",
        paramLabel = "DIR",
        description = "Hugging Face directory, of which only config.json is read.")
    private @Nullable Path base;
  }

  @Mixin private CodecOptions codec = new CodecOptions();

  @Option(
      names = "--like",
      paramLabel = "FILE",
      description =
          "With --zstd: a delta file of the same codec; frames are taken to leave as much of each"
              + " kind of part as in it.")
  private @Nullable Path like;

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    SizeForecast forecast = SizeForecast.of(config(), codec.codec(), frameShares());
    report.print(
        forecast,
        to -> {
          to.printf(
              "%s %s, %,d weights%n", forecast.codec(), forecast.settings(), forecast.weights());
          to.printf("16 bits   %,15d bytes%n", forecast.originalBytes());
          to.printf(
              "resident  %,15d bytes, %.3f bits per weight%n",
              forecast.residentBytes(), forecast.residentBitsPerWeight());
          to.printf(
              "file      %,15d bytes, %.3f bits per weight, %.2f times smaller than 16 bits%n",
              forecast.fileBytes(), forecast.bitsPerWeight(), forecast.ratio());
          forecast
              .frameShares()
              .forEach((part, share) ->
                  to.printf("frames leave %.4f of %s%n", share, part.isEmpty() ? "vectors" : part));
        });
    return 0;
  }

  private ModelConfig config() {
    return shapes.shape != null
        ? shapes.shape.config()
        : ModelConfig.read(shapes.base == null ? Path.of("") : shapes.base);
  }

  private SortedMap<String, Double> frameShares() {
    if (like == null) {
      return new TreeMap<>();
    }
    try (DeltaFile file = DeltaFile.open(like)) {
      return file.frameShares();
    }
  }
}

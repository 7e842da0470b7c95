package tributary.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tributary.compression.quality.compare.CodecComparison;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What {@code evaluate --compare} compares. */
final class CompareOptions {
  private static final String CONFIGURATION = "config.json";

  @Option(
      names = "--compare",
      required = true,
      description =
          "Compress fine-tunes with several codecs and compare what they keep; takes the options"
              + " below, --base, --limit and one or several --model.")
  @SuppressWarnings("UnusedVariable") // That it is given chooses these options.
  private boolean compare;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description =
          "Directory of fine-tunes: those that have a directory of their name in --tasks.")
  private @Nullable Path models;

  @Option(
      names = "--tasks",
      required = true,
      paramLabel = "DIR",
      description =
          "Directory that holds NAME/calibration.jsonl and NAME/test.jsonl, or .txt for either.")
  private Path tasks = Path.of("");

  @Option(
      names = "--codecs",
      required = true,
      arity = "1..*",
      paramLabel = "NAME[:KEY=VALUE,...][@K]",
      description =
          "Codecs with their settings, such as bitdelta:planes=1,scales=row lossless; @K measures"
              + " what is served at K planes.")
  private List<String> codecs = new ArrayList<>();

  @Option(
      names = "--samples",
      defaultValue = "256",
      paramLabel = "N",
      description = "Calibration records of each task (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description =
          "Write tables and plots there (comparison.html, .md, .svg); finished rows are kept there,"
              + " too, so that the same command goes on after an interruption.")
  private @Nullable Path report;

  int samples() {
    return samples;
  }

  @Nullable Path report() {
    return report;
  }

  /**
   * The plan, for the fine-tunes named one by one and those of {@code --models}.
   *
   * @param named may be empty
   */
  CodecComparison.Plan plan(Path base, List<Path> named) {
    List<Path> all = new ArrayList<>(named);
    if (models != null) {
      all.addAll(found(models));
    }
    if (all.isEmpty()) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "no fine-tune to compare: name one with --model, or with --models a directory of some that"
              + " have tasks of the same name in "
              + tasks);
    }
    return new CodecComparison.Plan(
        base, all.stream().distinct().toList(), tasks, codecs.stream().distinct().toList());
  }

  private List<Path> found(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry ->
              Files.exists(entry.resolve(CONFIGURATION))
                  && Files.isDirectory(tasks.resolve(entry.getFileName())))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be listed".formatted(directory), e);
    }
  }
}

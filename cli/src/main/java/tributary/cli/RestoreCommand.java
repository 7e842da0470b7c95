package tributary.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.Archive;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Restores a fine-tune from its archive, bit by bit. */
@Command(
    name = "restore",
    description = "Restore a fine-tune's directory, bit by bit, from a lossless delta of its base.")
final class RestoreCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face directory of the base.")
  private Path base = Path.of("");

  @Option(
      names = "--delta",
      required = true,
      paramLabel = "FILE",
      description = "Delta file that was made with --codec lossless.")
  private Path delta = Path.of("");

  @Option(
      names = "--over",
      paramLabel = "FILE",
      description = "The lossy delta that it was made over, if it was.")
  private @Nullable Path over;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Directory to write; it may not hold weights yet.")
  private Path out = Path.of("");

  @Option(names = "--force", description = "Replace weights that the directory holds.")
  private boolean force;

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(String directory, int tensors, int files, long bytes, double seconds) {}

  @Override
  public Integer call() {
    if (!force && Files.exists(out.resolve(Archive.WEIGHTS))) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s holds %s; name another directory or add --force".formatted(out, Archive.WEIGHTS));
    }
    long start = System.nanoTime();
    Archive.Restored restored =
        Archive.restore(new Archive.Over(base, Optional.ofNullable(over)), delta, out);
    var result =
        new Result(
            out.toString(),
            restored.tensors(),
            restored.files(),
            restored.size().count(),
            (System.nanoTime() - start) / 1e9);
    report.print(
        result,
        to ->
            to.printf(
                "%s: %d tensors, %,d bytes, and %d files, as they were, in %.1f s%n",
                result.directory, result.tensors, result.bytes, result.files, result.seconds));
    return 0;
  }
}

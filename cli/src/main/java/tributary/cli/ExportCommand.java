package tributary.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.exchange.MergedCheckpoint;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Merges a delta or an adapter into a checkpoint that other programs load. */
@Command(
    name = "export",
    description = "Write a Hugging Face directory with a delta or an adapter merged into the base.")
final class ExportCommand implements Callable<Integer> {
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
      description = "Delta file, or directory of a LoRA adapter.")
  private Path delta = Path.of("");

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
  private record Result(String directory, int tensors, long bytes) {}

  @Override
  public Integer call() {
    if (!force && Files.exists(out.resolve(MergedCheckpoint.WEIGHTS))) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s holds %s; name another directory or add --force"
              .formatted(out, MergedCheckpoint.WEIGHTS));
    }
    MergedCheckpoint.Written written = MergedCheckpoint.write(base, delta, out);
    var result = new Result(out.toString(), written.tensors(), written.size().count());
    report.print(
        result,
        to ->
            to.printf(
                "%s: %d tensors, %,d bytes%n", result.directory, result.tensors, result.bytes));
    return 0;
  }
}

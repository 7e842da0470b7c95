package tributary.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tributary.compression.inspect.DeltaInspection;

/** Describes a delta file, after checking every byte of it. */
@Command(name = "inspect", description = "Check a delta file and say what it holds.")
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "Delta file.")
  private Path file = Path.of("");

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    DeltaInspection inspection = DeltaInspection.of(file);
    report.print(inspection, to -> print(to, inspection));
    return 0;
  }

  private void print(PrintStream to, DeltaInspection inspection) {
    to.printf(
        "%s: delta of %s, format %d, checksums right%n",
        file, inspection.model(), inspection.format());
    to.printf("codec          %s %s%n", inspection.codec(), inspection.settings());
    to.printf("base           %s%n", inspection.base());
    to.printf(
        "file           %,d bytes, %.2f times smaller than %,d, %.2f bits per weight%n",
        inspection.fileBytes(),
        inspection.ratio(),
        inspection.originalBytes(),
        inspection.bitsPerWeight());
    to.printf(
        "resident       %,d bytes, %.2f bits per weight%n%n",
        inspection.residentBytes(), inspection.residentBitsPerWeight());
    to.printf(
        "%-52s %-9s %13s %12s %12s %6s  %s%n",
        "tensor", "kind", "shape", "bytes", "resident", "bits", "code");
    for (DeltaInspection.Tensor tensor : inspection.tensors()) {
      to.printf(
          "%-52s %-9s %13s %,12d %,12d %6.2f  %s%n",
          tensor.name(),
          tensor.kind(),
          tensor.rows() + " x " + tensor.columns(),
          tensor.bytes(),
          tensor.residentBytes(),
          tensor.bitsPerWeight(),
          tensor.code());
    }
  }
}

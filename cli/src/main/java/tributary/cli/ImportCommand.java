package tributary.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.exchange.MergedCheckpoint;
import tributary.compression.exchange.PublishedDelta;
import tributary.compression.exchange.QuantizedCheckpoint;
import tributary.model.AdapterImport;
import tributary.model.peft.AdapterFile;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Makes delta files, and plain checkpoints, of what other programs wrote. */
@Command(
    name = "import",
    description = {
      "Write a delta file from a LoRA adapter, from several with a weight each, or from a delta of"
          + " BitDelta or DeltaZip;",
      "or write a quantized checkpoint as a plain one, to take a delta of."
    })
final class ImportCommand implements Callable<Integer> {
  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "Hugging Face directory of the base; needed but for --quantized.")
  private @Nullable Path base;

  @ArgGroup(multiplicity = "1")
  private Source source = new Source();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "Delta file to write; with --quantized, a directory without weights.")
  private Path out = Path.of("");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the file calls the fine-tune (default: the source's name).")
  private @Nullable String name;

  @Option(names = "--force", description = "Replace existing files.")
  private boolean force;

  @Mixin private ReportOptions report = new ReportOptions();

  /** One kind of source. */
  private static final class Source {
    @Option(
        names = "--adapter",
        paramLabel = "DIR[=WEIGHT]",
        description = "Directory of a LoRA adapter; give several to add them up.")
    private List<String> adapters = new ArrayList<>();

    @Option(
        names = "--bitdelta",
        paramLabel = "FILE",
        description = "Masks and coefficients as BitDelta names them, in safetensors.")
    private @Nullable Path bitDelta;

    @Option(
        names = "--deltazip",
        paramLabel = "DIR",
        description = "DeltaZip's archive of 2:4 codes, without its lossless stage.")
    private @Nullable Path deltaZip;

    @Option(
        names = "--quantized",
        paramLabel = "DIR",
        description = "Hugging Face directory quantized by GPTQ, AWQ or compressed-tensors.")
    private @Nullable Path quantized;
  }

  /** What is printed of adapters; the JSON names are stable. */
  private record Adapters(String file, int adapters) {}

  /** What is printed of a published delta; the JSON names are stable. */
  private record Published(String file, int coded, int replaced) {}

  /** What is printed of a quantized checkpoint; the JSON names are stable. */
  private record Quantized(String directory, String method, int linears, int tensors) {}

  @Override
  public Integer call() {
    Path target = source.quantized == null ? out : out.resolve(MergedCheckpoint.WEIGHTS);
    if (!force && Files.exists(target)) {
      throw new TributaryException(
          ErrorCode.USAGE, target + " exists; name another place or add --force");
    }
    if (source.quantized != null) {
      plain(source.quantized);
    } else if (source.bitDelta != null) {
      published(PublishedDelta.bitDelta(base(), source.bitDelta, name(source.bitDelta), out));
    } else if (source.deltaZip != null) {
      published(PublishedDelta.deltaZip(base(), source.deltaZip, name(source.deltaZip), out));
    } else {
      adapters();
    }
    return 0;
  }

  private void plain(Path quantized) {
    QuantizedCheckpoint.Written written = QuantizedCheckpoint.write(quantized, out);
    var result =
        new Quantized(out.toString(), written.method(), written.linears(), written.tensors());
    report.print(
        result,
        to ->
            to.printf(
                "%s: %d tensors, %d of them out of %s codes%n",
                result.directory, result.tensors, result.linears, result.method));
  }

  private void published(PublishedDelta.Written written) {
    var result = new Published(out.toString(), written.coded(), written.replaced());
    report.print(
        result,
        to ->
            to.printf(
                "%s: %d coded matrices, %d other tensors%n",
                result.file, result.coded, result.replaced));
  }

  private void adapters() {
    List<AdapterFile.Weighted> weighted =
        source.adapters.stream().map(ImportCommand::weighted).toList();
    AdapterImport.write(base(), weighted, name(weighted.getFirst().adapter()), out);
    var result = new Adapters(out.toString(), weighted.size());
    report.print(result, to -> to.printf("%s: %d adapters%n", result.file, result.adapters));
  }

  private Path base() {
    if (base == null) {
      throw new TributaryException(ErrorCode.USAGE, "give the base with --base");
    }
    return base;
  }

  private String name(Path of) {
    return name != null ? name : String.valueOf(of.toAbsolutePath().normalize().getFileName());
  }

  private static AdapterFile.Weighted weighted(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 0) {
      return new AdapterFile.Weighted(Path.of(text), 1);
    }
    try {
      double weight = Double.parseDouble(text.substring(equals + 1));
      if (Double.isFinite(weight)) {
        return new AdapterFile.Weighted(Path.of(text.substring(0, equals)), weight);
      }
    } catch (NumberFormatException e) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "--adapter %s: what follows = must be a number".formatted(Quoted.of(text)),
          e);
    }
    throw new TributaryException(
        ErrorCode.USAGE, "--adapter %s: the weight must be finite".formatted(Quoted.of(text)));
  }
}

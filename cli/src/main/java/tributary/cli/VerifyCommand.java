package tributary.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tributary.gpu.Backend;
import tributary.model.generate.Verification;

/** Compares a checkpoint's outputs with reference outputs kept beside it. */
@Command(
    name = "verify",
    description =
        "Run a checkpoint on the ids of its expected.safetensors and compare logits and tokens.",
    exitCodeList = {"0:All agree.", "1:They differ, or a file is at fault."})
final class VerifyCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "DIR",
      description = "Hugging Face directory with an expected.safetensors.")
  private Path directory = Path.of("");

  @Option(names = "--base", paramLabel = "DIR", description = "Base that DIR is a LoRA adapter of.")
  private @Nullable Path base;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(
      double maxAbsError, double maxAbsErrorAllowed, boolean greedyMatches, boolean pass) {}

  @Override
  public Integer call() {
    Verification.Result found;
    try (Backend opened = backend.open()) {
      found =
          base == null
              ? Verification.run(directory, opened)
              : Verification.run(directory, base, opened);
    }
    var result =
        new Result(found.maxAbsError(), found.errorMax(), found.greedyMatches(), found.pass());
    report.print(
        result,
        to ->
            to.printf(
                "%s: %s; largest error of a logit %.2e (allowed %.0e), greedy tokens %s%n",
                directory,
                result.pass ? "pass" : "FAIL",
                result.maxAbsError,
                result.maxAbsErrorAllowed,
                result.greedyMatches ? "equal" : "differ"));
    return result.pass ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}

package tributary.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.bench.CompiledPrefillBenchmark;

/** Measures how fast prompts are read. */
@Command(
    name = "prefill",
    description = "Measure how fast a device reads prompts that come together.")
final class BenchPrefillCommand implements Callable<Integer> {
  @Option(
      names = "--shape",
      defaultValue = "llama-2-7b",
      paramLabel = "NAME",
      description = "Shape of the base, whose weights are random (default: ${DEFAULT-VALUE}).")
  private String shape = "";

  @Option(
      names = "--prompts",
      defaultValue = "4",
      paramLabel = "B",
      description = "Prompts side by side (default: ${DEFAULT-VALUE}).")
  private int prompts;

  @Option(
      names = "--tokens",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of each prompt (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--tenants",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Tenants that the first prompts belong to, each with a random delta (default:"
              + " ${DEFAULT-VALUE}).")
  private int tenants;

  @Mixin private RandomCodeOptions code = new RandomCodeOptions();

  @Option(
      names = "--steps",
      defaultValue = "20",
      paramLabel = "N",
      description = "Steps to measure, each of all prompts (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    var settings =
        new CompiledPrefillBenchmark.Settings(
            BaseWeights.shape(shape), prompts, tokens, tenants, code.code(), steps);
    try (Backend device = backend.open()) {
      var found = new CompiledPrefillBenchmark(settings).run(device);
      report.print(
          found,
          to ->
              to.printf(
                  "%s, %d prompts of %d tokens, tenants %d, %s %d: %.1f ms a step (p90 %.1f), %.0f tokens/s, %.0f TFLOP/s in linear layers, %s%n",
                  found.shape(),
                  found.prompts(),
                  found.tokens(),
                  found.tenants(),
                  found.codec(),
                  found.size(),
                  found.millisecondsPerStep(),
                  found.millisecondsPerStepP90(),
                  found.tokensPerSecond(),
                  found.teraflopsPerSecond(),
                  found.device()));
    }
    return 0;
  }
}

package tributary.benchmarks;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.engines.DecodeTask;
import tributary.benchmarks.engines.Engine;
import tributary.benchmarks.engines.JlamaEngine;
import tributary.benchmarks.engines.LlamaCppJavaEngine;
import tributary.benchmarks.engines.LlamaCppNodeEngine;
import tributary.benchmarks.engines.TributaryEngine;

/** What is the same for every engine of a comparison. */
final class CompareSettings {
  private static final List<String> ALL_ENGINES =
      List.of("tributary", "jlama-native", "jlama-panama", "llama.cpp-java", "llama.cpp-node");

  @Option(
      names = "--engines",
      split = ",",
      description = "Which engines, in the order of a round (default: all of them).")
  private List<String> engineNames = ALL_ENGINES;

  @Option(names = "--batch", split = ",", description = "Sequences at a time (default: 1,8).")
  private List<Integer> batches = List.of(1, 8);

  @Option(names = "--tokens", description = "Tokens a run decodes (default: ${DEFAULT-VALUE}).")
  private int tokens = 32;

  @Option(names = "--rounds", description = "Rounds (default: ${DEFAULT-VALUE}).")
  private int rounds = 3;

  @Option(
      names = "--warm-up-seconds",
      description = "Unmeasured runs in each process (default: ${DEFAULT-VALUE}).")
  private int warmUpSeconds = 5;

  @Option(
      names = "--measure-seconds",
      description = "Measured runs in each process (default: ${DEFAULT-VALUE}).")
  private int measureSeconds = 5;

  @Option(names = "--threads", description = "Compute threads (default: ${DEFAULT-VALUE}).")
  private int threads = 2;

  @Option(names = "--prompt", description = "What sequences start from, in ASCII.")
  private String prompt = "Once upon a time";

  int threads() {
    return threads;
  }

  int rounds() {
    return rounds;
  }

  List<Integer> batches() {
    return batches;
  }

  DecodeTask task(ComparedModel model, int batch) {
    return new DecodeTask(model, batch, tokens, warmUpSeconds, measureSeconds, threads, prompt);
  }

  List<Engine> engines(Path repository) {
    return engineNames.stream().map(name -> engine(name, repository)).toList();
  }

  private static Engine engine(String name, Path repository) {
    return switch (name) {
      case "tributary" -> new TributaryEngine(repository);
      case "jlama-native" -> JlamaEngine.nativeKernels();
      case "jlama-panama" -> JlamaEngine.panamaKernels();
      case "llama.cpp-java" -> new LlamaCppJavaEngine();
      case "llama.cpp-node" ->
          new LlamaCppNodeEngine(repository.resolve(Path.of("benchmarks", "target", "node")));
      default ->
          throw new IllegalArgumentException(
              "no engine '" + name + "'; there are " + ALL_ENGINES);
    };
  }

  /** The settings by name, for a report. */
  Map<String, String> described() {
    Map<String, String> described = new LinkedHashMap<>();
    described.put("Threads", Integer.toString(threads));
    described.put("Rounds", Integer.toString(rounds));
    described.put("Decoded tokens a run", Integer.toString(tokens));
    described.put(
        "Each process",
        "at least " + warmUpSeconds + " s of warm-up, then at least " + measureSeconds
            + " s of runs, of which the median counts (Tributary's command does its own)");
    described.put("Prompt", "\"" + prompt + "\", greedy, the end token ignored");
    return described;
  }

  /** The settings as options of the command. */
  String typed() {
    return " --engines " + String.join(",", engineNames)
        + " --batch " + batches.stream().map(String::valueOf).collect(Collectors.joining(","))
        + " --tokens " + tokens
        + " --rounds " + rounds
        + " --warm-up-seconds " + warmUpSeconds
        + " --measure-seconds " + measureSeconds
        + " --threads " + threads
        + " --prompt '" + prompt + "'";
  }
}

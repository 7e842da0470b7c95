package tributary.benchmarks;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.engines.Engine;
import tributary.benchmarks.engines.JlamaEngine;
import tributary.benchmarks.engines.LlamaCppJavaEngine;
import tributary.benchmarks.engines.LlamaCppNodeEngine;
import tributary.benchmarks.engines.Task;
import tributary.benchmarks.engines.TributaryEngine;
import tributary.benchmarks.engines.Work;

/** What is the same for every engine of a comparison. */
final class CompareSettings {
  private static final List<String> ALL_ENGINES =
      List.of("tributary", "jlama-native", "jlama-panama", "llama.cpp-java", "llama.cpp-node");

  @Option(
      names = "--what",
      split = ",",
      description = "What is compared: ${COMPLETION-CANDIDATES} (default: all of it).")
  private List<Contest> contests = List.of(Contest.values());

  @Option(
      names = "--engines",
      split = ",",
      description = "Which engines, in the order of a round (default: all of them).")
  private List<String> engineNames = ALL_ENGINES;

  @Option(
      names = "--batch",
      split = ",",
      description = "Sequences that decode side by side (default: 1,8).")
  private List<Integer> batches = List.of(1, 8);

  @Option(
      names = "--fine-tunes",
      description = "Fine-tunes that decode a sequence each (default: ${DEFAULT-VALUE}).")
  private int fineTunes = 8;

  @Option(
      names = "--tokens",
      description = "Tokens that a sequence decodes in a run (default: ${DEFAULT-VALUE}).")
  private int tokens = 32;

  @Option(
      names = "--prompt-tokens",
      description = "Tokens of the prompt that is read (default: ${DEFAULT-VALUE}).")
  private int promptTokens = 512;

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

  @Option(
      names = "--prompt",
      description = "What sequences that decode start from, in ASCII (default: ${DEFAULT-VALUE}).")
  private String prompt = "Once upon a time";

  int threads() {
    return threads;
  }

  int rounds() {
    return rounds;
  }

  /** How many adapters of each model are needed. */
  int adapters() {
    return contests.contains(Contest.adapters) ? fineTunes : 0;
  }

  /** The kinds of work; those in one list are measured in the same rounds. */
  List<List<Work>> works() {
    var sizes = new Contest.Sizes(batches, fineTunes, tokens, promptTokens);
    return contests.stream().flatMap(contest -> contest.works(sizes).stream()).toList();
  }

  Task task(ComparedModel model, Work work) {
    String text = work instanceof Work.Prefill(int count) ? digits(count - 1) : prompt;
    return new Task(model, work, warmUpSeconds, measureSeconds, threads, text);
  }

  /** So many tokens in every engine: their tokenizers split digits off one by one. */
  private static String digits(int count) {
    return IntStream.range(0, count)
        .mapToObj(index -> Integer.toString(index % 10))
        .collect(Collectors.joining());
  }

  List<Engine> engines(Path repository) {
    return engineNames.stream().map(name -> engine(name, repository)).toList();
  }

  private static Engine engine(String name, Path repository) {
    return switch (name) {
      case TributaryEngine.NAME -> new TributaryEngine(repository);
      case "jlama-native" -> JlamaEngine.nativeKernels();
      case "jlama-panama" -> JlamaEngine.panamaKernels();
      case LlamaCppJavaEngine.NAME -> new LlamaCppJavaEngine();
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
    described.put("Decoded tokens a sequence and run", Integer.toString(tokens));
    described.put(
        "Each process",
        "at least " + warmUpSeconds + " s of warm-up, then at least " + measureSeconds
            + " s of runs, of which the median counts (Tributary's commands do their own)");
    described.put(
        "Prompt",
        "\"" + prompt + "\", greedy, the end token ignored; where a prompt is timed, digits");
    return described;
  }

  /** The settings as options of the command. */
  String typed() {
    return " --what " + contests.stream().map(Contest::name).collect(Collectors.joining(","))
        + " --engines " + String.join(",", engineNames)
        + " --batch " + batches.stream().map(String::valueOf).collect(Collectors.joining(","))
        + " --fine-tunes " + fineTunes
        + " --tokens " + tokens
        + " --prompt-tokens " + promptTokens
        + " --rounds " + rounds
        + " --warm-up-seconds " + warmUpSeconds
        + " --measure-seconds " + measureSeconds
        + " --threads " + threads
        + " --prompt '" + prompt + "'";
  }
}

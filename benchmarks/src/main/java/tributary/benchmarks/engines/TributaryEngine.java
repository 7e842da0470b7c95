package tributary.benchmarks.engines;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tributary by its own commands, {@code tributary bench decode} and {@code tributary bench
 * prefill}, which warm up and measure by themselves.
 *
 * @param repository where the command is
 */
public record TributaryEngine(Path repository) implements Engine {

  /** Its name in tables. */
  public static final String NAME = "tributary";

  /** Few, because a large model takes seconds for a prompt; after the warm-up they agree. */
  private static final int PREFILL_STEPS = 5;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String arithmetic() {
    return "tributary bench decode and bench prefill; bf16 weights, f32 activations, f32 KV;"
        + " fine-tunes are decoded side by side, a sequence each, over one base";
  }

  @Override
  public boolean does(Work work) {
    return true;
  }

  @Override
  public TaskResult run(Task task) throws IOException, InterruptedException {
    Path executable = repository.resolve("tributary");
    if (!Files.isExecutable(executable)) {
      throw new EngineFailure(executable.getFileName() + ": not in the repository yet; build it");
    }
    List<String> line = new ArrayList<>(List.of(executable.toString()));
    line.addAll(arguments(task));
    ProcessBuilder builder = new ProcessBuilder(line).directory(repository.toFile());
    builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:ActiveProcessorCount=" + task.threads());
    try (var scratch = ScratchDirectory.create()) {
      TaskResult result = parse(new ChildProcess(name(), scratch.path()).run(builder));
      if (task.work() instanceof Work.Prefill(int promptTokens)) {
        result.requirePromptOf(name(), promptTokens);
      }
      return result;
    }
  }

  /** What is typed after the command's name. */
  static List<String> arguments(Task task) {
    List<String> arguments = new ArrayList<>(List.of("bench"));
    switch (task.work()) {
      case Work.Decode(int batch, int tokens) -> arguments.addAll(decode(batch, tokens));
      case Work.OneBitDeltas(int fineTunes, int tokens) -> {
        arguments.addAll(decode(fineTunes, tokens));
        arguments.addAll(List.of("--tenants", Integer.toString(fineTunes), "--planes", "1"));
      }
      case Work.LoraAdapters(int fineTunes, int tokens) -> {
        arguments.addAll(decode(fineTunes, tokens));
        task.model().adapters().stream()
            .limit(fineTunes)
            .forEach(adapter ->
                arguments.addAll(List.of("--delta", adapter.directory().toString())));
      }
      case Work.Prefill _ ->
          arguments.addAll(
              List.of("prefill", "--prompts", "1", "--steps", Integer.toString(PREFILL_STEPS)));
    }
    arguments.addAll(
        List.of(
            "--base", task.model().directory().toString(), "--prompt", task.prompt(), "--json"));
    return arguments;
  }

  private static List<String> decode(int batch, int tokens) {
    return List.of(
        "decode", "--batch", Integer.toString(batch), "--tokens", Integer.toString(tokens));
  }

  static TaskResult parse(String printed) throws IOException {
    JsonNode report = new ObjectMapper().readTree(printed);
    JsonNode tokensPerSecond = report.path("tokens_per_second");
    if (!tokensPerSecond.isNumber()) {
      throw new EngineFailure(
          "tributary bench: no number 'tokens_per_second' in what it printed: " + printed);
    }
    List<Integer> firstTokens = integers(report.path("first_tokens"));
    return TaskResult.ofBase(
        List.of(tokensPerSecond.asDouble()),
        integers(report.path("prompt_tokens")),
        firstTokens.isEmpty() ? List.of() : List.of(firstTokens));
  }

  private static List<Integer> integers(JsonNode array) {
    List<Integer> integers = new ArrayList<>();
    array.forEach(element -> integers.add(element.asInt()));
    return integers;
  }
}

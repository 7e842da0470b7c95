package tributary.benchmarks.engines;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tributary by its own command, {@code tributary bench decode}, which warms up and measures by
 * itself.
 *
 * @param repository where the command is
 */
public record TributaryEngine(Path repository) implements Engine {

  @Override
  public String name() {
    return "tributary";
  }

  @Override
  public String arithmetic() {
    return "tributary bench decode, the base alone; bf16 weights, f32 activations, f32 KV";
  }

  @Override
  public DecodeResult decode(DecodeTask task) throws IOException, InterruptedException {
    Path executable = repository.resolve("tributary");
    if (!Files.isExecutable(executable)) {
      throw new EngineFailure(executable.getFileName() + ": not in the repository yet; build it");
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                executable.toString(), "bench", "decode",
                "--base", task.model().directory().toString(),
                "--batch", Integer.toString(task.batch()),
                "--tokens", Integer.toString(task.tokens()),
                "--json")
            .directory(repository.toFile());
    builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:ActiveProcessorCount=" + task.threads());
    try (var scratch = ScratchDirectory.create()) {
      return parse(new ChildProcess(name(), scratch.path()).run(builder));
    }
  }

  static DecodeResult parse(String printed) throws IOException {
    JsonNode report = new ObjectMapper().readTree(printed);
    JsonNode tokensPerSecond = report.path("tokens_per_second");
    if (!tokensPerSecond.isNumber()) {
      throw new EngineFailure(
          "tributary bench decode: no number 'tokens_per_second' in what it printed: " + printed);
    }
    return new DecodeResult(
        List.of(tokensPerSecond.asDouble()),
        integers(report.path("prompt_tokens")),
        integers(report.path("first_tokens")));
  }

  private static List<Integer> integers(JsonNode array) {
    List<Integer> integers = new ArrayList<>();
    array.forEach(element -> integers.add(element.asInt()));
    return integers;
  }
}

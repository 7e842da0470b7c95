package tributary.benchmarks.engines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * llama.cpp as node-llama-cpp ships it: a library for each kind of processor, AVX-512 with bf16
 * included.
 *
 * @param installation where {@code benchmarks/run} installed it
 */
public record LlamaCppNodeEngine(Path installation) implements Engine {

  @Override
  public String name() {
    return "llama.cpp-node";
  }

  @Override
  public String arithmetic() {
    return "llama.cpp 0.5.0 in node-llama-cpp 3.22.1, the prebuilt library for this processor,"
        + " driven from Node; bf16 weights, matrix inputs rounded to bf16, f32 between them,"
        + " f32 KV; a batch is the sequences of one context, evaluated together; adapters are"
        + " served one after another, each by a context of its own";
  }

  @Override
  public boolean does(Work work) {
    return !(work instanceof Work.OneBitDeltas);
  }

  @Override
  public TaskResult run(Task task) throws IOException, InterruptedException {
    if (!Files.isDirectory(installation.resolve("node_modules"))) {
      throw new EngineFailure(
          name() + ": not installed; install Node 20 or later and npm, then run again");
    }
    Path script = installation.resolve("run.mjs");
    return new TaskProcess(name()).run(_ -> List.of("node", script.toString()), task);
  }
}

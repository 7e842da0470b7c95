package tributary.benchmarks.engines;

import java.io.IOException;
import java.util.List;

/** llama.cpp as its Java binding ships it: one library for all processors with AVX2. */
public record LlamaCppJavaEngine() implements Engine {

  /** Its name in tables. */
  public static final String NAME = "llama.cpp-java";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String arithmetic() {
    return "llama.cpp in de.kherud:llama 4.2.0, whose prebuilt library stops at AVX2;"
        + " bf16 weights, matrix inputs rounded to bf16, f32 between them, f32 KV;"
        + " a batch is parallel slots with continuous batching; adapters are served one after"
        + " another, each by a model object of its own over the same mapped weights";
  }

  @Override
  public boolean does(Work work) {
    return !(work instanceof Work.OneBitDeltas);
  }

  @Override
  public TaskResult run(Task task) throws IOException, InterruptedException {
    return new ChildJvm(LlamaCppDriver.class, List.of()).run(name(), task);
  }
}

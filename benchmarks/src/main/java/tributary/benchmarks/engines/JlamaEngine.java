package tributary.benchmarks.engines;

import java.io.IOException;
import java.util.List;

/**
 * Jlama with one of its two sets of kernels.
 *
 * @param name its name in tables
 * @param kernels what multiplies
 * @param options JVM options that choose the kernels
 */
public record JlamaEngine(String name, String kernels, List<String> options) implements Engine {

  /** Its kernels in C, which it prefers when their library is there. */
  public static JlamaEngine nativeKernels() {
    return new JlamaEngine("jlama-native", "C kernels", List.of());
  }

  /** Its kernels on the Vector API. */
  public static JlamaEngine panamaKernels() {
    return new JlamaEngine(
        "jlama-panama",
        "Vector API kernels",
        List.of("-Djlama.force_panama_tensor_operations=true"));
  }

  @Override
  public String arithmetic() {
    return "Jlama 0.8.4, " + kernels + "; bf16 weights (embedding and output head widened to f32),"
        + " matrix inputs rounded to bf16, f32 between them, f32 KV;"
        + " a batch is concurrent callers, each with a sequence";
  }

  /** It serves no adapters. */
  @Override
  public boolean does(Work work) {
    return switch (work) {
      case Work.Decode _, Work.Prefill _ -> true;
      case Work.OneBitDeltas _, Work.LoraAdapters _ -> false;
    };
  }

  @Override
  public TaskResult run(Task task) throws IOException, InterruptedException {
    return new ChildJvm(JlamaDriver.class, options).run(name, task);
  }
}

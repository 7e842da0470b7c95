package tributary.benchmarks.engines;

import java.nio.file.Path;
import java.util.List;

/**
 * One model in both formats that the engines read; the weights are the same.
 *
 * @param directory the Hugging Face directory
 * @param gguf the file for llama.cpp
 * @param adapters fine-tunes of it; empty where none are compared
 */
public record ComparedModel(Path directory, Path gguf, List<Adapter> adapters) {
  public ComparedModel {
    adapters = List.copyOf(adapters);
  }

  /**
   * A LoRA adapter in both formats that the engines read; the factors are the same.
   *
   * @param directory as PEFT saves it
   * @param gguf the file for llama.cpp
   */
  public record Adapter(Path directory, Path gguf) {}
}

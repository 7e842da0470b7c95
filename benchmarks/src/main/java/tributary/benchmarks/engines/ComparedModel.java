package tributary.benchmarks.engines;

import java.nio.file.Path;

/**
 * One model in both formats that the engines read; the weights are the same.
 *
 * @param directory the Hugging Face directory
 * @param gguf the file for llama.cpp
 */
public record ComparedModel(Path directory, Path gguf) {}

package tributary.benchmarks.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tributary.benchmarks.weights.AdapterDirectory;
import tributary.benchmarks.weights.LoraFactors;
import tributary.benchmarks.weights.ModelShape;

/**
 * Writes a LoRA adapter as a bf16 GGUF file: the same factors, those of a weight named after the
 * weight, the upper one's rows in llama.cpp's order.
 */
public final class GgufAdapterConversion {
  private final AdapterDirectory adapter;
  private final ModelShape base;

  /** A conversion of one adapter. */
  public GgufAdapterConversion(AdapterDirectory adapter, ModelShape base) {
    this.adapter = adapter;
    this.base = base;
  }

  /** Writes the file, or keeps the one that is there; it appears only when it is complete. */
  public Path writeTo(Path file) throws IOException {
    if (Files.exists(file)) {
      return file;
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    GgufHeader metadata = new GgufHeader();
    metadata.put("general.type", "adapter");
    metadata.put("general.architecture", "llama");
    metadata.put("general.name", "benchmark");
    metadata.put("adapter.type", "lora");
    metadata.put("adapter.lora.alpha", (float) adapter.alpha());
    List<GgufTensor> tensors =
        LoraFactors.all(base, adapter.rank()).stream()
            .flatMap(factors -> GgufTensor.of(factors.weight(), base).factors(factors).stream())
            .toList();
    try (var weights = adapter.weights()) {
      return new GgufFile(metadata, tensors).writeTo(file, weights);
    }
  }
}

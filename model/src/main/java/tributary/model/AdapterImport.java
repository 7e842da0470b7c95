package tributary.model;

import java.nio.file.Path;
import java.util.List;
import tributary.model.peft.AdapterFile;
import tributary.tensor.container.Checkpoint;

/** Makes delta files of LoRA adapters. */
public final class AdapterImport {
  private AdapterImport() {}

  /**
   * Adds adapters up, each with its weight, and writes their sum as a delta file of a base.
   *
   * @param base Hugging Face directory
   * @param name what the file calls the fine-tune
   * @throws tributary.protocol.TributaryException {@code model_config}, {@code delta_format},
   *     {@code tensor_shape}, ...
   */
  public static void write(Path base, List<AdapterFile.Weighted> adapters, String name, Path out) {
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      AdapterFile.write(Families.network(ModelConfig.read(base)), checkpoint, adapters, name, out);
    }
  }
}

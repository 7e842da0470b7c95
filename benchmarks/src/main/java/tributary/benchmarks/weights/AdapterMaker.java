package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Makes LoRA adapters of seeded random bf16 factors over all linear matrices of all layers. */
public final class AdapterMaker {
  private static final int RANK = 16;

  /**
   * Large enough for the factors' product to be a good part of the weights, so that an adapter that
   * is not applied is noticed by what is decoded.
   */
  private static final int ALPHA = 4 * RANK;

  private static final List<String> MODULES =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  /** Makes an adapter in a directory, or keeps the one that is there. */
  public AdapterDirectory make(Path directory, ModelShape base, long seed) throws IOException {
    Path weights = directory.resolve(AdapterDirectory.WEIGHTS);
    if (!Files.exists(weights)) {
      Files.createDirectories(directory);
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(directory.resolve(AdapterDirectory.CONFIGURATION).toFile(), configuration());
      List<Tensor> tensors =
          LoraFactors.all(base, RANK).stream()
              .flatMap(factors -> Stream.of(factors.down(), factors.up()))
              .toList();
      new RandomSafetensors(new RandomWeights(seed)).write(weights, tensors);
    }
    return new AdapterDirectory(directory);
  }

  private static ObjectNode configuration() {
    ObjectNode configuration = JsonNodeFactory.instance.objectNode();
    configuration.put("peft_type", "LORA").put("task_type", "CAUSAL_LM").put("bias", "none");
    configuration.put("r", RANK).put("lora_alpha", ALPHA).put("lora_dropout", 0.0);
    MODULES.forEach(configuration.putArray("target_modules")::add);
    return configuration;
  }
}

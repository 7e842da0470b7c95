package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A LoRA adapter as PEFT saves it: configuration and one file of factors. */
public record AdapterDirectory(Path path) {
  static final String CONFIGURATION = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  /** Refuses a directory that lacks a file. */
  public AdapterDirectory {
    for (String file : new String[] {CONFIGURATION, WEIGHTS}) {
      if (!Files.isRegularFile(path.resolve(file))) {
        throw new IllegalArgumentException(path + ": no " + file + "; not an adapter's directory");
      }
    }
  }

  /** Rows of the lower factors. */
  public int rank() throws IOException {
    return configuration().required("r").asInt();
  }

  /** What the product of the factors is multiplied by, times the rank. */
  public double alpha() throws IOException {
    return configuration().required("lora_alpha").asDouble();
  }

  /** Opens the factors. */
  public SafetensorsFile weights() throws IOException {
    return SafetensorsFile.open(path.resolve(WEIGHTS));
  }

  private JsonNode configuration() throws IOException {
    return new ObjectMapper().readTree(path.resolve(CONFIGURATION).toFile());
  }
}

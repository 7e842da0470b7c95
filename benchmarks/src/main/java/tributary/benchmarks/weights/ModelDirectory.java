package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A model as Hugging Face lays it out: configuration, one file of weights, tokenizer. */
public record ModelDirectory(Path path) {

  /** Refuses a directory that lacks a file every engine needs. */
  public ModelDirectory {
    for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
      if (!Files.isRegularFile(path.resolve(file))) {
        throw new IllegalArgumentException(path + ": no " + file + "; not a model directory");
      }
    }
  }

  /** The sizes that {@code config.json} states. */
  public ModelShape shape() throws IOException {
    return ModelShape.fromConfig(configuration());
  }

  /** The token that every sequence begins with. */
  public int beginToken() throws IOException {
    return configuration().required("bos_token_id").asInt();
  }

  /** The token that ends a sequence. */
  public int endToken() throws IOException {
    return configuration().required("eos_token_id").asInt();
  }

  /** The parsed {@code tokenizer.json}. */
  public JsonNode tokenizer() throws IOException {
    return new ObjectMapper().readTree(path.resolve("tokenizer.json").toFile());
  }

  /** Opens the weights. */
  public SafetensorsFile weights() throws IOException {
    return SafetensorsFile.open(path.resolve("model.safetensors"));
  }

  private JsonNode configuration() throws IOException {
    return new ObjectMapper().readTree(path.resolve("config.json").toFile());
  }
}

package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes model directories of seeded random bf16 weights: real sizes, no meaning. */
public final class ModelMaker {
  private final ObjectMapper json = new ObjectMapper();

  /**
   * Makes a model in a directory, or keeps the one that is there. The weights appear under their
   * final name only when they are complete.
   */
  public ModelDirectory make(Path directory, ModelShape shape, long seed) throws IOException {
    Path weights = directory.resolve("model.safetensors");
    if (!Files.exists(weights)) {
      Files.createDirectories(directory);
      write(directory.resolve("config.json"), shape.toConfig());
      write(directory.resolve("generation_config.json"), generation());
      write(directory.resolve("tokenizer.json"), SyntheticTokenizer.tokenizer(shape.vocabulary()));
      write(directory.resolve("tokenizer_config.json"), SyntheticTokenizer.configuration());
      new RandomSafetensors(new RandomWeights(seed)).write(weights, Tensor.all(shape));
    }
    return new ModelDirectory(directory);
  }

  private void write(Path file, ObjectNode content) throws IOException {
    json.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), content);
  }

  private static ObjectNode generation() {
    return JsonNodeFactory.instance.objectNode().put("bos_token_id", SyntheticTokenizer.BEGIN)
        .put("eos_token_id", SyntheticTokenizer.END).put("pad_token_id", SyntheticTokenizer.PAD);
  }
}

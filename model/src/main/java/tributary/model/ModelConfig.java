package tributary.model;

import java.nio.file.Path;
import java.util.Set;
import tributary.model.family.Structure;

/**
 * A checkpoint's {@code config.json} and {@code generation_config.json}, checked.
 *
 * @param architecture its name in checkpoints
 * @param eosTokens ids that end a sequence
 * @param bosToken id that starts one, or -1
 */
public record ModelConfig(
    String architecture,
    Structure structure,
    int vocabularySize,
    boolean tiedEmbeddings,
    Set<Integer> eosTokens,
    int bosToken) {
  public static final int NO_TOKEN = -1;

  public ModelConfig {
    eosTokens = Set.copyOf(eosTokens);
  }

  /** Reads the directory's configuration; unknown architectures and nonsense sizes are refused. */
  public static ModelConfig read(Path directory) {
    return ConfigReader.read(directory);
  }

  /** This configuration, but with a head of its own or without. */
  public ModelConfig withTiedEmbeddings(boolean tied) {
    return new ModelConfig(architecture, structure, vocabularySize, tied, eosTokens, bosToken);
  }

  public int hiddenSize() {
    return structure.dimensions().hidden();
  }

  public int intermediateSize() {
    return structure.dimensions().intermediate();
  }

  public int layers() {
    return structure.dimensions().layers();
  }

  public int heads() {
    return structure.dimensions().heads();
  }

  public int kvHeads() {
    return structure.dimensions().kvHeads();
  }

  public int headSize() {
    return structure.dimensions().headSize();
  }

  /** Tokens of the longest sequence. */
  public int contextLength() {
    return structure.dimensions().context();
  }
}

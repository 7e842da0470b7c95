package tributary.model;

import java.nio.file.Path;
import java.util.Set;
import tributary.gpu.Rope;
import tributary.model.network.Dimensions;

/**
 * A checkpoint's {@code config.json} and {@code generation_config.json}, checked.
 *
 * @param eosTokens ids that end a sequence
 * @param bosToken id that starts one, or -1
 */
public record ModelConfig(
    String architecture,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    int contextLength,
    float normEpsilon,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean mlpBias,
    Rope.Frequencies rope,
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
    return new ModelConfig(
        architecture,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headSize,
        contextLength,
        normEpsilon,
        tied,
        attentionBias,
        mlpBias,
        rope,
        eosTokens,
        bosToken);
  }

  Dimensions dimensions() {
    return new Dimensions(
        vocabularySize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headSize,
        normEpsilon,
        tiedEmbeddings,
        attentionBias,
        mlpBias,
        rope);
  }
}

package tributary.model;

import java.nio.file.Path;
import java.util.Set;
import tributary.gpu.Rope;

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
  /** Reads the directory's configuration; unknown architectures and nonsense sizes are refused. */
  public static ModelConfig read(Path directory) {
    throw new UnsupportedOperationException();
  }
}

package tributary.model.decoder;

import org.jspecify.annotations.Nullable;
import tributary.gpu.Attention.Scores;
import tributary.gpu.Rope;
import tributary.model.network.Projection;

/**
 * Self-attention with rotary positions.
 *
 * @param norms of queries and keys, head by head before they are rotated, or null
 * @param rope without frequencies where nothing is rotated
 */
public record SelfAttention(
    QueryKeyValue inputs,
    @Nullable HeadNorms norms,
    Rope.Frequencies rope,
    Scores scores,
    Projection output) {
  /** Norms of each head. */
  public record HeadNorms(Norm.RootMeanSquare query, Norm.RootMeanSquare key) {}
}

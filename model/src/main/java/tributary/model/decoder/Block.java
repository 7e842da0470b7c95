package tributary.model.decoder;

/** One of a decoder's blocks. */
public record Block(
    Sublayer<SelfAttention> attention, Sublayer<FeedForward> feedForward, Residual residual) {
  /** What the feed-forward layer reads. */
  public enum Residual {
    /** The block's input with attention's output added. */
    SEQUENTIAL,
    /** The block's input; both outputs are added to it. */
    PARALLEL
  }

  /** Attention, then the feed-forward layer. */
  public static Block sequential(
      Sublayer<SelfAttention> attention, Sublayer<FeedForward> feedForward) {
    return new Block(attention, feedForward, Residual.SEQUENTIAL);
  }

  /** Attention beside the feed-forward layer. */
  public static Block parallel(
      Sublayer<SelfAttention> attention, Sublayer<FeedForward> feedForward) {
    return new Block(attention, feedForward, Residual.PARALLEL);
  }
}

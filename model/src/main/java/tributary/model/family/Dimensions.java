package tributary.model.family;

/**
 * The extent of a decoder.
 *
 * @param intermediate values within a feed-forward layer
 * @param context tokens of the longest sequence
 */
public record Dimensions(
    int hidden, int intermediate, int layers, int heads, int kvHeads, int headSize, int context) {
  private static final int CONTEXT_DEFAULT = 2048;

  /** Reads the keys that most families share. */
  public static Dimensions read(ConfigKeys keys) {
    int hidden = keys.size("hidden_size");
    int heads = keys.count("num_attention_heads");
    return new Dimensions(
        hidden,
        keys.size("intermediate_size"),
        keys.count("num_hidden_layers"),
        heads,
        kvHeads(keys, "num_key_value_heads", heads),
        headSize(keys, hidden, heads),
        context(keys));
  }

  /** Key-value heads, as many as heads unless said; a divisor of them. */
  public static int kvHeads(ConfigKeys keys, String key, int heads) {
    int kvHeads = keys.integerOr(key, heads, 1, heads);
    if (heads % kvHeads != 0) {
      throw keys.complaint(
          key, "is %d; it must divide num_attention_heads %d".formatted(kvHeads, heads));
    }
    return kvHeads;
  }

  /** The size of a head: {@code head_dim}, or an equal share of the hidden size. */
  public static int headSize(ConfigKeys keys, int hidden, int heads) {
    if (!keys.has("head_dim") && hidden % heads != 0) {
      throw keys.complaint(
          "hidden_size",
          "is %d, not a multiple of num_attention_heads %d, and there is no head_dim"
              .formatted(hidden, heads));
    }
    return keys.integerOr("head_dim", hidden / heads, 1, ConfigKeys.COUNT_MAX);
  }

  public static int context(ConfigKeys keys) {
    return keys.integerOr("max_position_embeddings", CONTEXT_DEFAULT, 1, ConfigKeys.TOKENS_MAX);
  }

  /** The same decoder over a shorter or longer context. */
  public Dimensions withContext(int tokens) {
    return new Dimensions(hidden, intermediate, layers, heads, kvHeads, headSize, tokens);
  }

  /** Values of all queries of a token. */
  public int queryColumns() {
    return heads * headSize;
  }

  /** Values of all keys of a token. */
  public int keyColumns() {
    return kvHeads * headSize;
  }
}

package tributary.gpu;

import tributary.protocol.Bytes;

/**
 * The extent of a paged key-value cache.
 *
 * @param layers of the model
 * @param heads key-value heads per layer
 * @param headSize values per head
 * @param pageTokens positions per page
 * @param pages in the pool
 */
public record KvShape(int layers, int heads, int headSize, int pageTokens, int pages) {
  /** Keys and values of all layers for one page, in fp32. */
  public Bytes pageBytes() {
    return new Bytes(2L * layers * heads * headSize * pageTokens * Float.BYTES);
  }
}

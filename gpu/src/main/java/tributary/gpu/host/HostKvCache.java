package tributary.gpu.host;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;

/**
 * Pages of keys and values in fp32, one Java array a page, made when a page is first written.
 *
 * <pre>
 * page    [layers][2][heads][headSize * pageTokens]     keys first, then values
 * keys    [headSize][pageTokens]      a vector register holds one component of several positions
 * values  [pageTokens][headSize]      a vector register holds several components of one position
 * </pre>
 */
public final class HostKvCache implements KvCache {
  private final KvShape shape;
  private final int tileFloats;
  private final int pageFloats;
  private final float[] @Nullable [] pages;

  private HostKvCache(KvShape shape, int tileFloats, int pageFloats) {
    this.shape = shape;
    this.tileFloats = tileFloats;
    this.pageFloats = pageFloats;
    this.pages = new float[shape.pages()][];
  }

  public static HostKvCache of(KvShape shape) {
    long pageFloats = shape.pageBytes().count() / Float.BYTES;
    if (pageFloats < 1 || pageFloats > Integer.MAX_VALUE || shape.pages() < 0) {
      throw new IllegalArgumentException(
          "key-value cache of %s: a page has %d values; it must have from 1 to 2^31 - 1"
              .formatted(shape, pageFloats));
    }
    return new HostKvCache(shape, shape.headSize() * shape.pageTokens(), (int) pageFloats);
  }

  /** The same cache, known to be this backend's. */
  public static HostKvCache of(KvCache cache) {
    if (cache instanceof HostKvCache host) {
      return host;
    }
    throw new IllegalArgumentException(
        "key-value cache of another backend: " + cache.getClass().getName());
  }

  @Override
  public KvShape shape() {
    return shape;
  }

  /** Makes the pages that {@code rows} write to. Not for use by several threads at once. */
  public void makePages(SequenceRows rows) {
    int last = (rows.firstPosition() + rows.rows() - 1) / shape.pageTokens();
    for (int i = rows.firstPosition() / shape.pageTokens(); i <= last; i++) {
      int page = rows.pages()[i];
      if (pages[page] == null) {
        pages[page] = new float[pageFloats];
      }
    }
  }

  /** The array of a page that has been made. */
  public float[] page(int page) {
    float[] values = pages[page];
    if (values == null) {
      throw new IllegalStateException("key-value page " + page + " is read before it was written");
    }
    return values;
  }

  /** Where the keys of one head begin in a page. */
  public int keys(int layer, int head) {
    return (layer * 2 * shape.heads() + head) * tileFloats;
  }

  /** Where the values of one head begin in a page. */
  public int values(int layer, int head) {
    return ((layer * 2 + 1) * shape.heads() + head) * tileFloats;
  }

  /** Where component {@code component} of the key in {@code slot} is in a page. */
  public int key(int layer, int head, int slot, int component) {
    return keys(layer, head) + component * shape.pageTokens() + slot;
  }

  /** Where component {@code component} of the value in {@code slot} is in a page. */
  public int value(int layer, int head, int slot, int component) {
    return values(layer, head) + slot * shape.headSize() + component;
  }

  @Override
  public void close() {
    Arrays.fill(pages, null);
  }
}

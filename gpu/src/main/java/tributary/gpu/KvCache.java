package tributary.gpu;

/**
 * Pages of keys and values in a backend's memory. Which page belongs to whom is decided outside.
 */
public interface KvCache extends AutoCloseable {
  KvShape shape();

  @Override
  void close();
}

package tributary.gpu;

import tributary.protocol.Bytes;

/** One tenant's difference to one weight matrix, in a backend's memory. */
public interface DeltaMatrix extends AutoCloseable {
  /** Outputs, counting rows that only the tenant has; at least the base's. */
  int rows();

  int columns();

  /** Bytes that this difference occupies. */
  Bytes size();

  @Override
  void close();
}

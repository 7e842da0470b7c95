package tributary.gpu;

import tributary.protocol.Bytes;

/** One tenant's difference to one weight matrix, in a backend's memory. */
public interface DeltaMatrix extends AutoCloseable {
  /** Outputs, counting rows that only the tenant has; at least the base's. */
  int rows();

  int columns();

  /** Bytes that this difference occupies. */
  Bytes size();

  /** The greatest width that this can be computed at; 1 when its precision is fixed. */
  default int widths() {
    return 1;
  }

  /** The width that it is computed at; the greatest, until told otherwise. */
  default int width() {
    return 1;
  }

  /**
   * Brings what a width needs beyond the present one, so that setting it takes no time. May be
   * called while a kernel runs.
   *
   * @param width at least 1
   */
  default void prepare(int width) {}

  /**
   * Computes at this width from now on, or at the greatest where there are fewer. Must not be
   * called while a kernel runs.
   *
   * @param width at least 1
   */
  default void setWidth(int width) {}

  @Override
  void close();
}

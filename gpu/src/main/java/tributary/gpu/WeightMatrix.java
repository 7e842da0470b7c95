package tributary.gpu;

/** A weight matrix of the base, [rows, columns], in a backend's memory. */
public interface WeightMatrix extends AutoCloseable {
  /** Outputs. */
  int rows();

  /** Inputs. */
  int columns();

  @Override
  void close();
}

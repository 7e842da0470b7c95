package tributary.gpu;

/** A weight vector in a backend's memory. */
public interface WeightVector extends AutoCloseable {
  int length();

  @Override
  void close();
}

package tributary.gpu;

/** A row-major fp32 matrix [rows, columns] in a backend's memory. Owned by whoever made it. */
public interface Activations extends AutoCloseable {
  int rows();

  int columns();

  /** Copies row {@code row} into {@code out[0 .. columns)}. */
  void readRow(int row, float[] out);

  /** Sets row {@code row} from {@code values[0 .. columns)}. */
  void writeRow(int row, float[] values);

  @Override
  void close();
}

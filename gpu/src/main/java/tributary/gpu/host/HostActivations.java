package tributary.gpu.host;

import tributary.gpu.Activations;

/** Activations in one Java array, row after row. */
public final class HostActivations implements Activations {
  private final int rows;
  private final int columns;
  private final float[] values;

  private HostActivations(int rows, int columns, float[] values) {
    this.rows = rows;
    this.columns = columns;
    this.values = values;
  }

  /** Zeros. */
  public static HostActivations zeros(int rows, int columns) {
    if (rows < 0 || columns < 1 || (long) rows * columns > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "activations of %d x %d: rows must be at least 0, columns at least 1, and their product"
                  .formatted(rows, columns)
              + " below 2^31");
    }
    return new HostActivations(rows, columns, new float[rows * columns]);
  }

  /** The same matrix, known to be this backend's. */
  public static HostActivations of(Activations activations) {
    if (activations instanceof HostActivations host) {
      return host;
    }
    throw new IllegalArgumentException(
        "activations of another backend: " + activations.getClass().getName());
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  /** The elements; row r begins at {@code r * columns}. */
  public float[] values() {
    return values;
  }

  @Override
  public void readRow(int row, float[] out) {
    System.arraycopy(values, offset(row), out, 0, columns);
  }

  @Override
  public void writeRow(int row, float[] newValues) {
    System.arraycopy(newValues, 0, values, offset(row), columns);
  }

  private int offset(int row) {
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException("row " + row + " of activations with rows=" + rows);
    }
    return row * columns;
  }

  /** Nothing to give back: the array is garbage once unreachable. */
  @Override
  public void close() {}
}

package tributary.model.gradient;

/** A dense row-major matrix on the heap, [rows, columns]. */
@SuppressWarnings("ArrayRecordComponent") // Loops run over the values.
public record Matrix(float[] values, int rows, int columns) {
  public Matrix {
    if (values.length != Math.multiplyExact(rows, columns)) {
      throw new IllegalArgumentException(
          "matrix of %d values: wanted %d x %d".formatted(values.length, rows, columns));
    }
  }

  public static Matrix zeros(int rows, int columns) {
    return new Matrix(new float[Math.multiplyExact(rows, columns)], rows, columns);
  }

  /** Where a row begins in {@link #values}. */
  int start(int row) {
    return row * columns;
  }

  /** A copy of rows {@code chosen[from .. end)}. */
  Matrix select(int[] chosen, int from, int end) {
    Matrix selected = zeros(end - from, columns);
    for (int i = from; i < end; i++) {
      System.arraycopy(
          values, start(chosen[i]), selected.values, selected.start(i - from), columns);
    }
    return selected;
  }
}

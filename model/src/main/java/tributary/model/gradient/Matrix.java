package tributary.model.gradient;

import tributary.gpu.Elementwise.Columns;

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

  Matrix copy() {
    return new Matrix(values.clone(), rows, columns);
  }

  /** The same values as another number of rows. */
  Matrix reshaped(int otherRows, int otherColumns) {
    return new Matrix(values, otherRows, otherColumns);
  }

  /** Adds element by element. */
  void add(Matrix x) {
    for (int i = 0; i < values.length; i++) {
      values[i] += x.values[i];
    }
  }

  /** A copy of the first {@code count} columns that blocks of columns have between them. */
  Matrix columns(Columns blocks, int count) {
    Matrix chosen = zeros(rows, count);
    for (int row = 0; row < rows; row++) {
      for (int at = 0; at < count; at += blocks.width()) {
        int from = start(row) + blocks.first() + at / blocks.width() * blocks.stride();
        System.arraycopy(values, from, chosen.values, chosen.start(row) + at, blocks.width());
      }
    }
    return chosen;
  }

  /** The inverse of {@link #columns(Columns, int)}. */
  void setColumns(Columns blocks, Matrix chosen) {
    for (int row = 0; row < rows; row++) {
      for (int at = 0; at < chosen.columns; at += blocks.width()) {
        int to = start(row) + blocks.first() + at / blocks.width() * blocks.stride();
        System.arraycopy(chosen.values, chosen.start(row) + at, values, to, blocks.width());
      }
    }
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

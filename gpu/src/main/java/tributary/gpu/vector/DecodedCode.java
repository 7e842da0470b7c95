package tributary.gpu.vector;

import tributary.protocol.Bytes;
import tributary.tensor.format.MatrixCode;

/**
 * Codes of any kind where they lie, decoded a few rows at a time into the tiles' scratch.
 *
 * <p>Cost: a weight is decoded once for each block of input rows of its tenant, then a tile's
 * multiply-adds are those of fp32 weights that are in a core's own cache.
 */
final class DecodedCode implements LoadedCode {
  private final MatrixCode full;
  private MatrixCode current;

  DecodedCode(MatrixCode full, int width) {
    this.full = full;
    this.current = full.atWidth(Math.min(width, full.widths()));
  }

  /** The code at the width that is set. */
  MatrixCode current() {
    return current;
  }

  @Override
  public int rows() {
    return full.rows();
  }

  @Override
  public int columns() {
    return full.columns();
  }

  @Override
  public int widths() {
    return full.widths();
  }

  @Override
  public int width() {
    return current.widths();
  }

  @Override
  public void setWidth(int width) {
    current = full.atWidth(Math.min(width, full.widths()));
  }

  @Override
  public void addRow(int row, float[] out, int first, Scratch scratch) {
    float[] values = scratch.plainRow(current, row);
    for (int column = 0; column < full.columns(); column++) {
      out[first + column] += values[column];
    }
  }

  @Override
  public Bytes size() {
    return full.size();
  }

  /** The memory belongs to whoever made the code. */
  @Override
  public void close() {}
}

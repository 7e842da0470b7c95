package tributary.gpu.cuda;

/** Reads a row of a matrix, as fp32, into {@code out[0 .. columns)}. */
@FunctionalInterface
interface RowReader {
  void read(int row, float[] out);
}

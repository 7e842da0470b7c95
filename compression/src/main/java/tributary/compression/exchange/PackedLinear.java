package tributary.compression.exchange;

/** The matrix of a linear layer that another program quantized. */
interface PackedLinear {
  /** Outputs. */
  int rows();

  /** Inputs. */
  int columns();

  /** Writes what output {@code row} multiplies each input by to {@code out} [columns]. */
  void readRow(int row, float[] out);
}

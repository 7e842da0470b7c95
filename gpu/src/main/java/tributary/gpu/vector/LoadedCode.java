package tributary.gpu.vector;

import tributary.protocol.Bytes;

/** The code of one matrix, in the form that this backend computes with, at one of its widths. */
sealed interface LoadedCode extends AutoCloseable permits PackedSigns, DecodedCode, LowRankFactors {
  int rows();

  int columns();

  int widths();

  int width();

  /** As {@link tributary.gpu.DeltaMatrix#prepare}. */
  default void prepare(int width) {}

  /** As {@link tributary.gpu.DeltaMatrix#setWidth}. */
  void setWidth(int width);

  /** Adds one row of the difference to {@code out[first ..]}. */
  void addRow(int row, float[] out, int first, Scratch scratch);

  Bytes size();

  @Override
  void close();
}

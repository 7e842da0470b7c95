package tributary.compression.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import tributary.gpu.Activations;

/**
 * What every calibration token carries from stage to stage, in a file, so that memory does not grow
 * with the number of tokens: its hidden state, and the input of the stage it is at.
 *
 * <pre>
 * hidden [tokens, hiddenColumns] fp32   input: for each chunk, [rows, columns of its stage] fp32
 *                                       from firstToken * inputColumns on
 * </pre>
 */
final class TokenStates implements AutoCloseable {
  /** Bytes that are read or written at a time, or one row where that is longer. */
  private static final int BUFFER = 1 << 20;

  private final ScratchFile file;
  private final ByteBuffer buffer;
  private final int hiddenColumns;
  private final long firstInput;
  private final int inputColumns;

  private TokenStates(ScratchFile file, long tokens, int hiddenColumns, int inputColumns) {
    this.file = file;
    this.hiddenColumns = hiddenColumns;
    this.firstInput = tokens * hiddenColumns;
    this.inputColumns = inputColumns;
    int row = Math.max(hiddenColumns, inputColumns) * Float.BYTES;
    this.buffer = ByteBuffer.allocateDirect(Math.max(BUFFER, row)).order(ByteOrder.nativeOrder());
  }

  /**
   * Room for {@code tokens} tokens.
   *
   * @param directory where the file is made
   * @param inputColumns of the widest input
   */
  static TokenStates in(Path directory, long tokens, int hiddenColumns, int inputColumns) {
    return new TokenStates(ScratchFile.in(directory), tokens, hiddenColumns, inputColumns);
  }

  void readHidden(Chunk chunk, Activations out) {
    read(chunk.firstToken() * hiddenColumns, out);
  }

  void writeHidden(Chunk chunk, Activations values) {
    write(chunk.firstToken() * hiddenColumns, values);
  }

  /** Reads what was last written for the chunk, which had as many columns. */
  void readInput(Chunk chunk, Activations out) {
    read(firstInput + chunk.firstToken() * inputColumns, out);
  }

  void writeInput(Chunk chunk, Activations values) {
    write(firstInput + chunk.firstToken() * inputColumns, values);
  }

  private void read(long first, Activations out) {
    float[] row = new float[out.columns()];
    for (int t = 0; t < out.rows(); ) {
      int end = Math.min(out.rows(), t + rowsAtOnce(out));
      buffer.clear().limit((end - t) * row.length * Float.BYTES);
      file.read(buffer, (first + (long) t * row.length) * Float.BYTES);
      FloatBuffer values = buffer.flip().asFloatBuffer();
      for (; t < end; t++) {
        values.get(row);
        out.writeRow(t, row);
      }
    }
  }

  private void write(long first, Activations values) {
    float[] row = new float[values.columns()];
    for (int t = 0; t < values.rows(); ) {
      int from = t;
      int end = Math.min(values.rows(), t + rowsAtOnce(values));
      FloatBuffer to = buffer.clear().asFloatBuffer();
      for (; t < end; t++) {
        values.readRow(t, row);
        to.put(row);
      }
      buffer.limit((end - from) * row.length * Float.BYTES);
      file.write(buffer, (first + (long) from * row.length) * Float.BYTES);
    }
  }

  private int rowsAtOnce(Activations values) {
    return buffer.capacity() / (values.columns() * Float.BYTES);
  }

  @Override
  public void close() {
    file.close();
  }
}

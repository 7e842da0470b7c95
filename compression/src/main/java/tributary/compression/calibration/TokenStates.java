package tributary.compression.calibration;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import tributary.gpu.Activations;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * What every calibration token carries from stage to stage, in a file, so that memory does not grow
 * with the number of tokens: its hidden state, and the input of the stage it is at.
 *
 * <pre>
 * hidden [tokens, hiddenColumns] fp32   input: for each chunk, [rows, columns of its stage] fp32
 *                                       from firstToken * inputColumns on
 * </pre>
 *
 * The file loses its name as soon as it is open, and so is gone when this is closed or the process
 * ends.
 */
final class TokenStates implements AutoCloseable {
  /** Bytes that are read or written at a time, or one row where that is longer. */
  private static final int BUFFER = 1 << 20;

  private final Path directory;
  private final FileChannel file;
  private final ByteBuffer buffer;
  private final int hiddenColumns;
  private final long firstInput;
  private final int inputColumns;

  private TokenStates(
      Path directory, FileChannel file, long tokens, int hiddenColumns, int inputColumns) {
    this.directory = directory;
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
    try {
      Path path = Files.createTempFile(directory, ".calibration-", ".states");
      try {
        FileChannel file =
            FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new TokenStates(directory, file, tokens, hiddenColumns, inputColumns);
      } finally {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }

  private static TributaryException failed(Path directory, IOException e) {
    return new TributaryException(
        ErrorCode.FILE_UNWRITABLE,
        ("%s: the states of calibration tokens cannot be kept in a file there: %s; make room, write"
                + " the delta elsewhere, or calibrate with fewer tokens")
            .formatted(directory, e.getMessage()),
        e);
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
      long at = (first + (long) t * row.length) * Float.BYTES;
      try {
        while (buffer.hasRemaining()) {
          if (file.read(buffer, at + buffer.position()) < 0) {
            throw new AssertionError("states of tokens end at " + file.size());
          }
        }
      } catch (IOException e) {
        throw failed(directory, e);
      }
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
      long at = (first + (long) from * row.length) * Float.BYTES;
      try {
        while (buffer.hasRemaining()) {
          file.write(buffer, at + buffer.position());
        }
      } catch (IOException e) {
        throw failed(directory, e);
      }
    }
  }

  private int rowsAtOnce(Activations values) {
    return buffer.capacity() / (values.columns() * Float.BYTES);
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }
}

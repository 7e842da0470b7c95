package tributary.compression.calibration;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A file for what tokens have come to, so that memory does not grow with their number. It loses its
 * name as soon as it is open, and so is gone when this is closed or the process ends.
 *
 * <p>All methods throw {@code file_unwritable} when the directory's disk refuses.
 */
public final class ScratchFile implements AutoCloseable {
  private final Path directory;
  private final FileChannel file;

  private ScratchFile(Path directory, FileChannel file) {
    this.directory = directory;
    this.file = file;
  }

  /** An empty file of this directory's disk. */
  public static ScratchFile in(Path directory) {
    try {
      Path path = Files.createTempFile(directory, ".calibration-", ".states");
      try {
        return new ScratchFile(
            directory, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
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

  /** Fills what remains of {@code buffer} with what was written from byte {@code first} on. */
  public void read(ByteBuffer buffer, long first) {
    long origin = first - buffer.position();
    try {
      while (buffer.hasRemaining()) {
        if (file.read(buffer, origin + buffer.position()) < 0) {
          throw new AssertionError("states of tokens end at " + file.size());
        }
      }
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }

  /** Writes what remains of {@code buffer} from byte {@code first} on. */
  public void write(ByteBuffer buffer, long first) {
    long origin = first - buffer.position();
    try {
      while (buffer.hasRemaining()) {
        file.write(buffer, origin + buffer.position());
      }
    } catch (IOException e) {
      throw failed(directory, e);
    }
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

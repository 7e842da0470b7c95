package tributary.model.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** The whole content of a small file. */
public final class FileText {
  private FileText() {}

  /** Reads at most {@code sizeMax}; a larger file is a {@code tooLarge} error. */
  public static byte[] bytes(Path file, Bytes sizeMax, ErrorCode tooLarge) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(Math.toIntExact(sizeMax.count() + 1));
      if (content.length > sizeMax.count()) {
        throw new TributaryException(
            tooLarge,
            "%s: larger than the %d bytes that are read of such a file"
                .formatted(file, sizeMax.count()));
      }
      return content;
    } catch (NoSuchFileException missing) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND,
          "%s: no such file; is this a Hugging Face model directory?".formatted(file),
          missing);
    } catch (IOException failed) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s: %s".formatted(file, failed), failed);
    }
  }
}

package tributary.tensor.container;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Writes a file so that others see all of it or nothing, even after a power cut. */
final class WholeFile {
  /** Puts bytes into the channel. */
  interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  private WholeFile() {}

  static void write(Path path, Content content) {
    Path target = path.toAbsolutePath();
    Path temporary =
        target.resolveSibling(".%s.%s.tmp".formatted(target.getFileName(), UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceDirectory(target);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s cannot be written: %s %s"
              .formatted(path, e.getClass().getSimpleName(), e.getMessage()),
          e);
    } finally {
      deleteLeftOver(temporary);
    }
  }

  /** Makes the new name itself survive a power cut. */
  private static void forceDirectory(Path target) throws IOException {
    Path directory = target.getParent();
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory)) {
        channel.force(true);
      }
    }
  }

  private static void deleteLeftOver(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE, "%s cannot be deleted".formatted(temporary), e);
    }
  }
}

package tributary.tensor.container;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * Writes a file so that others see all of it or nothing, even after a power cut: under another name
 * beside it, forced to disk, renamed, and the name forced to disk.
 *
 * <pre>
 * .NAME.PROCESS-UUID.tmp      what is being written, locked by who writes it
 * </pre>
 *
 * What a writer that was killed has left is deleted by the next one of the same file; a lock tells
 * it from what is being written, on any machine that sees the directory.
 */
public final class WholeFile {
  private static final String TEMPORARY = ".tmp";

  /** Tells this process's files from others'; numbers of processes come again in containers. */
  private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8) + "-";

  /** Puts bytes into the channel. */
  public interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  private WholeFile() {}

  /** Replaces what is there by these bytes. */
  public static void write(Path path, byte[] bytes) {
    write(
        path,
        channel -> {
          for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining(); ) {
            channel.write(rest);
          }
        });
  }

  /**
   * Replaces what is there by the content.
   *
   * @throws TributaryException {@code file_unwritable}; what was there is there still
   */
  public static void write(Path path, Content content) {
    Path target = path.toAbsolutePath();
    try {
      deleteAbandoned(target);
      boolean written;
      do {
        written = tryWrite(target, content);
      } while (!written);
      forceDirectory(target);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s cannot be written: %s %s"
              .formatted(path, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  /** False when somebody took the file for an abandoned one before it could be locked. */
  private static boolean tryWrite(Path target, Content content) throws IOException {
    String random = PROCESS + UUID.randomUUID();
    Path temporary = target.resolveSibling(prefix(target) + random + TEMPORARY);
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      lock(channel);
      if (!Files.exists(temporary)) {
        return false;
      }
      content.writeTo(channel);
      channel.force(true);
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Until the channel is closed, or its process killed. */
  private static void lock(FileChannel channel) {
    try {
      var _ = channel.lock();
    } catch (IOException e) {
      // A file system without locks has none for those who look for abandoned files either.
    }
  }

  private static void deleteAbandoned(Path target) throws IOException {
    Path directory = target.getParent();
    if (directory == null) {
      return;
    }
    try (DirectoryStream<Path> others =
        Files.newDirectoryStream(directory, file -> isOfAnotherProcess(file, target))) {
      for (Path file : others) {
        deleteUnlocked(file);
      }
    }
  }

  /** This process's own are left alone: to close a file is to lose one's other lock on it. */
  private static boolean isOfAnotherProcess(Path file, Path target) {
    String name = file.getFileName().toString();
    return name.startsWith(prefix(target)) && name.endsWith(TEMPORARY) && !name.contains(PROCESS);
  }

  private static void deleteUnlocked(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.tryLock() != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | OverlappingFileLockException e) {
      // Finished, somebody else's, or deleted at this moment by another thread: it is no hindrance.
    }
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".";
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
}

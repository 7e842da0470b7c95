package tributary.actors;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A file that grows line by line without anybody waiting for the disk. It ends, with a word in the
 * log, when it has reached its size, when the disk cannot keep up or fails: a recording has no
 * gaps.
 */
final class RecordingFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RecordingFile.class);
  private static final int LINES_MAX = 65_536;
  private static final long CLOSE_MILLIS_MAX = 10_000;
  private static final String END = "";

  private final Path file;
  private final Writer out;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(LINES_MAX);
  private final Thread writer;
  private long bytesLeft;
  private boolean ended;

  private RecordingFile(Path file, Bytes sizeMax, Writer out) {
    this.file = file;
    this.out = out;
    this.bytesLeft = sizeMax.count();
    this.writer = new Thread(this::write, "recording-" + file.getFileName());
  }

  /** Replaces the file. */
  static RecordingFile create(Path file, Bytes sizeMax) {
    try {
      RecordingFile recording = new RecordingFile(file, sizeMax, Files.newBufferedWriter(file));
      recording.writer.setDaemon(true);
      recording.writer.start();
      return recording;
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s: nothing can be recorded there: %s; make its directory or set tributary.recording"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Adds a line with its end, unless the recording has ended. Any thread; never waits. */
  synchronized void add(String line) {
    if (ended) {
      return;
    }
    bytesLeft -= line.getBytes(StandardCharsets.UTF_8).length;
    if (bytesLeft < 0) {
      end("it has reached tributary.recording.size-max");
    } else if (!lines.offer(line)) {
      end("the disk does not keep up");
    }
  }

  private void end(String why) {
    ended = true;
    LOG.warn("{}: the recording ends here: {}", file, why);
  }

  private void write() {
    try (out) {
      for (String line = lines.take(); !line.equals(END); line = lines.take()) {
        out.write(line);
        if (lines.isEmpty()) {
          out.flush();
        }
      }
    } catch (IOException e) {
      LOG.error("{}: the recording failed", file, e);
      synchronized (this) {
        ended = true;
        lines.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns when everything is in the file, or cannot be. */
  @Override
  public void close() {
    synchronized (this) {
      ended = true;
    }
    try {
      if (lines.offer(END, CLOSE_MILLIS_MAX, TimeUnit.MILLISECONDS)) {
        writer.join(CLOSE_MILLIS_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

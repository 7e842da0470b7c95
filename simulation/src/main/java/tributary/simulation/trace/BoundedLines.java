package tributary.simulation.trace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Lines of a stream, ended by LF or CRLF; a line longer than a bound is cut and told apart. */
final class BoundedLines implements AutoCloseable {
  static final int LENGTH_MAX = 8 << 20;
  private static final int BUFFER = 1 << 16;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int end;
  private byte[] line = new byte[1 << 10];
  private int length;
  private long number;
  private boolean tooLong;

  BoundedLines(InputStream in) {
    this.in = in;
  }

  /** Counted from 1; the number of the line that was returned last. */
  long number() {
    return number;
  }

  /** Whether the line that was returned last went on beyond the bound. */
  boolean isTooLong() {
    return tooLong;
  }

  /** The next line without its end; empty at the end of the stream. */
  Optional<String> next() throws IOException {
    length = 0;
    tooLong = false;
    boolean any = false;
    while (true) {
      if (at == end && !fill()) {
        return any ? Optional.of(text()) : Optional.empty();
      }
      any = true;
      int stop = at;
      while (stop < end && buffer[stop] != '\n') {
        stop++;
      }
      append(stop);
      boolean ended = stop < end;
      at = ended ? stop + 1 : stop;
      if (ended) {
        return Optional.of(text());
      }
    }
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(in.read(buffer), 0);
    return end > 0;
  }

  private void append(int stop) {
    int count = Math.min(stop - at, LENGTH_MAX - length);
    tooLong |= count < stop - at;
    if (length + count > line.length) {
      line = Arrays.copyOf(line, Math.min(LENGTH_MAX, Math.max(2 * line.length, length + count)));
    }
    System.arraycopy(buffer, at, line, length, count);
    length += count;
  }

  private String text() {
    number++;
    int kept = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    int first = number == 1 && startsWithByteOrderMark(kept) ? 3 : 0;
    return new String(line, first, kept - first, StandardCharsets.UTF_8);
  }

  private boolean startsWithByteOrderMark(int kept) {
    return kept >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

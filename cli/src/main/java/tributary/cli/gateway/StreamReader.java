package tributary.cli.gateway;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the answers of one connection, however their bytes are cut: counts events by the empty
 * lines behind them. Tells neither JSON nor the sizes of chunks from other bytes, since an event's
 * last byte says what it is: {@code \}} an event with a body, {@code ]} the last.
 */
final class StreamReader {
  /** What the reader found. */
  interface Listener {
    void event(int number);

    void answerEnded(int events);
  }

  private static final byte[] OK = "HTTP/1.1 200".getBytes(StandardCharsets.US_ASCII);

  /** Line feeds from the last event to the end of the last chunk. */
  private static final int FEEDS_TO_THE_END = 3;

  private enum Part {
    STATUS,
    HEADERS,
    EVENTS,
    END
  }

  private Part part = Part.STATUS;
  private int position;
  private int events;
  private byte last;
  private byte beforeFeeds;

  /** Takes the next bytes. */
  void read(byte[] bytes, int length, Listener listener) {
    for (int i = 0; i < length; i++) {
      byte next = bytes[i];
      switch (part) {
        case STATUS -> status(bytes, i, length);
        case HEADERS -> headers(next);
        case EVENTS -> event(next, listener);
        case END -> end(next, listener);
      }
      if (next != '\r' || part == Part.EVENTS) {
        last = next;
      }
    }
  }

  private void status(byte[] bytes, int at, int length) {
    if (bytes[at] != OK[position]) {
      String found = new String(bytes, at, length - at, StandardCharsets.UTF_8);
      throw new IllegalStateException("the server refused a stream: " + found);
    }
    position++;
    if (position == OK.length) {
      part = Part.HEADERS;
    }
  }

  /** An empty line ends them; carriage returns are not remembered. */
  private void headers(byte next) {
    if (next == '\n' && last == '\n') {
      part = Part.EVENTS;
      events = 0;
    }
  }

  private void event(byte next, Listener listener) {
    if (next != '\n') {
      return;
    }
    if (last != '\n') {
      beforeFeeds = last;
    } else if (beforeFeeds == '}') {
      listener.event(events++);
    } else if (beforeFeeds == ']') {
      part = Part.END;
      position = 0;
    }
  }

  private void end(byte next, Listener listener) {
    if (next == '\n' && ++position == FEEDS_TO_THE_END) {
      part = Part.STATUS;
      position = 0;
      listener.answerEnded(events);
    }
  }

  @Override
  public String toString() {
    return "%s after %d events, last byte %s"
        .formatted(part, events, Arrays.toString(new byte[] {last}));
  }
}

package tributary.streams;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tributary.protocol.openai.OpenAiJson;

/**
 * A body written once but for one text in it: what differs between the events of most tokens.
 * Writes what {@link OpenAiJson} would.
 */
final class TextTemplate {
  /** Stands for the text; of the private use area, so that nothing else in a body is like it. */
  static final String MARK = "\uE000tributary\uE000";

  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CONTROL = "\\u00".getBytes(StandardCharsets.US_ASCII);

  private final byte[] head;
  private final byte[] tail;

  private TextTemplate(byte[] head, byte[] tail) {
    this.head = head;
    this.tail = tail;
  }

  /**
   * A template of an event.
   *
   * @param body in which the text is {@link #MARK}
   */
  static TextTemplate of(byte[] before, Record body, byte[] after) {
    String json = new String(OpenAiJson.bytes(body), StandardCharsets.UTF_8);
    int at = json.indexOf(MARK);
    if (at < 0) {
      throw new AssertionError("a body without the mark: " + json);
    }
    return new TextTemplate(
        joined(before, utf8(json.substring(0, at))),
        joined(utf8(json.substring(at + MARK.length())), after));
  }

  void write(String text, EventBytes to) {
    to.put(head);
    for (int i = 0; i < text.length(); i++) {
      char next = text.charAt(i);
      if (next >= 0x80) {
        to.put(utf8(text.substring(i, endOfWide(text, i))));
        i = endOfWide(text, i) - 1;
      } else if (next < ' ') {
        control(next, to);
      } else {
        if (next == '"' || next == '\\') {
          to.put((byte) '\\');
        }
        to.put((byte) next);
      }
    }
    to.put(tail);
  }

  /** Whole runs, so that both halves of a surrogate pair are seen together. */
  private static int endOfWide(String text, int start) {
    int end = start;
    while (end < text.length() && text.charAt(end) >= 0x80) {
      end++;
    }
    return end;
  }

  private static void control(char next, EventBytes to) {
    int shorthand = "\b\t\n\f\r".indexOf(next);
    if (shorthand >= 0) {
      to.put((byte) '\\');
      to.put((byte) "btnfr".charAt(shorthand));
    } else {
      to.put(CONTROL);
      to.put(HEX[next >> 4]);
      to.put(HEX[next & 15]);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}

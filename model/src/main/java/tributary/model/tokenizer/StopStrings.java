package tributary.model.tokenizer;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks for stop strings in text that arrives in pieces. The one that is complete first ends the
 * text before its first character; of those complete at once, the longest.
 */
final class StopStrings {
  private final List<String> stops;

  /** Text that may be the beginning of a stop string. */
  private final StringBuilder held = new StringBuilder();

  /** The one that ended the text. */
  private @Nullable String found;

  StopStrings(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  Optional<String> found() {
    return Optional.ofNullable(found);
  }

  /** Takes text and returns what can no longer be part of a stop string. */
  String append(CharSequence text) {
    if (found != null || text.isEmpty()) {
      return "";
    }
    if (stops.isEmpty()) {
      return text.toString();
    }
    held.append(text);
    int start = firstStop();
    return take(start >= 0 ? start : held.length() - undecided());
  }

  /** What is held back, when nothing follows. */
  String finish() {
    return found != null ? "" : take(held.length());
  }

  private String take(int count) {
    String text = held.substring(0, count);
    held.delete(0, count);
    return text;
  }

  /** Where the stop string starts that ends first, which is the one found, or -1. */
  private int firstStop() {
    int start = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int stopEnd = at + stop.length();
      if (at >= 0 && (stopEnd < end || (stopEnd == end && at < start))) {
        start = at;
        end = stopEnd;
        found = stop;
      }
    }
    return start;
  }

  /** Length of the longest end of the held text with which a stop string begins. */
  private int undecided() {
    int longest = 0;
    for (String stop : stops) {
      int length = Math.min(stop.length() - 1, held.length());
      while (length > longest && !endsWith(stop, length)) {
        length--;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  private boolean endsWith(String stop, int length) {
    int offset = held.length() - length;
    for (int i = 0; i < length; i++) {
      if (held.charAt(offset + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}

package tributary.streams;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tributary.protocol.ToolCallText;

/** Finds the calls in an output that comes in pieces, and tells text from names and arguments. */
final class ToolCallStream {
  private static final String HEAD = ToolCallText.OPEN.substring(ToolCallText.MARK.length());

  /** What a piece of output was. */
  sealed interface Part {
    record Text(String text) implements Part {}

    /** A call begins. */
    record Call(String name) implements Part {}

    /** More of the last call's arguments. */
    record Arguments(String text) implements Part {}
  }

  private enum Place {
    TEXT,
    HEAD,
    ARGUMENTS,
    BETWEEN
  }

  private final StringBuilder held = new StringBuilder();
  private Place place = Place.TEXT;

  /** What this piece tells; text that may be the beginning of a mark waits. */
  List<Part> append(String piece) {
    held.append(piece);
    var parts = new ArrayList<Part>();
    while (step(parts)) {}
    return parts;
  }

  /** What was held back, when the output ends. */
  List<Part> finish() {
    String rest = held.toString();
    held.setLength(0);
    if (rest.isEmpty()) {
      return List.of();
    }
    return switch (place) {
      case TEXT -> List.of(new Part.Text(rest));
      case ARGUMENTS -> List.of(new Part.Arguments(rest));
      case HEAD, BETWEEN -> List.of();
    };
  }

  /** Whether there may be more to find. */
  private boolean step(List<Part> parts) {
    return switch (place) {
      case TEXT -> upTo(ToolCallText.MARK, Place.HEAD, text -> parts.add(new Part.Text(text)));
      case HEAD -> head(parts);
      case ARGUMENTS ->
          upTo(ToolCallText.CLOSE, Place.BETWEEN, text -> parts.add(new Part.Arguments(text)));
      case BETWEEN -> between();
    };
  }

  private boolean upTo(String mark, Place next, Consumer<String> tell) {
    int at = held.indexOf(mark);
    String found = held.substring(0, at >= 0 ? at : held.length() - undecided(mark));
    if (!found.isEmpty()) {
      tell.accept(found);
    }
    held.delete(0, at >= 0 ? at + mark.length() : found.length());
    if (at >= 0) {
      place = next;
    }
    return at >= 0;
  }

  private boolean head(List<Part> parts) {
    int at = held.indexOf(ToolCallText.ARGUMENTS);
    if (at < 0) {
      return false;
    }
    parts.add(new Part.Call(held.substring(HEAD.length(), at)));
    held.delete(0, at + ToolCallText.ARGUMENTS.length());
    place = Place.ARGUMENTS;
    return true;
  }

  private boolean between() {
    if (held.isEmpty()) {
      return false;
    }
    if (held.indexOf(ToolCallText.BETWEEN) == 0) {
      held.delete(0, ToolCallText.BETWEEN.length());
    }
    place = Place.TEXT;
    return true;
  }

  /** Length of the longest end of the held text with which the mark begins. */
  private int undecided(String mark) {
    int length = Math.min(mark.length() - 1, held.length());
    while (length > 0 && !mark.startsWith(held.substring(held.length() - length))) {
      length--;
    }
    return length;
  }
}

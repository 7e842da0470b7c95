package tributary.model.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A template cut into text and tags, with whitespace control applied. */
sealed interface Segment {
  int line();

  record Plain(int line, String text) implements Segment {}

  record Output(int line, String source) implements Segment {}

  record Tag(int line, String source) implements Segment {}

  /**
   * Cuts a template as transformers' environment does: {@code trim_blocks} (the newline after a tag
   * goes), {@code lstrip_blocks} (blanks before a tag that starts its line go), a last newline
   * goes.
   */
  static List<Segment> cut(String template) {
    return new Cutter(template).cut();
  }

  /** Walks over a template once. */
  final class Cutter {
    private final String source;
    private final List<Segment> segments = new ArrayList<>();
    private int at;
    private int line = 1;

    /** Set by {@code -%}: the text that follows loses its leading whitespace. */
    private boolean stripNext;

    private Cutter(String template) {
      String unix = template.replace("\r\n", "\n").replace('\r', '\n');
      source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    private List<Segment> cut() {
      try {
        while (at < source.length()) {
          int open = nextOpening();
          plain(open < 0 ? source.length() : open);
          if (open >= 0) {
            tag();
          }
        }
        return segments;
      } catch (TemplateFault fault) {
        throw new TemplateFault("line %d: %s".formatted(line, fault.getMessage()));
      }
    }

    private int nextOpening() {
      for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
        if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
          return i;
        }
      }
      return -1;
    }

    private void plain(int end) {
      String text = source.substring(at, end);
      int start = line;
      boolean lineStart = at == 0 || source.charAt(at - 1) == '\n';
      line += newlines(text);
      at = end;
      text = stripNext ? text.stripLeading() : text;
      stripNext = false;
      if (end < source.length()) {
        text = beforeTag(text, lineStart);
      }
      if (!text.isEmpty()) {
        segments.add(new Plain(start, text));
      }
    }

    /** What is left of the text before the tag that starts at {@link #at}. */
    private String beforeTag(String text, boolean lineStart) {
      char control = at + 2 < source.length() ? source.charAt(at + 2) : ' ';
      if (control == '-') {
        return text.stripTrailing();
      }
      if (source.charAt(at + 1) == '{' || control == '+') {
        return text;
      }
      int newline = text.lastIndexOf('\n');
      boolean startsLine = newline >= 0 || lineStart;
      return startsLine && text.substring(newline + 1).isBlank()
          ? text.substring(0, newline + 1)
          : text;
    }

    private void tag() {
      char kind = source.charAt(at + 1);
      int start = line;
      int end = kind == '#' ? source.indexOf("#}", at + 2) : tagEnd(kind == '{' ? "}}" : "%}");
      if (end < 0) {
        throw new TemplateFault("has a tag that is not closed");
      }
      String inner = source.substring(at + 2, end);
      line += newlines(inner);
      at = end + 2;
      boolean trims = inner.endsWith("-");
      boolean keeps = inner.endsWith("+");
      inner = trims || keeps ? inner.substring(0, inner.length() - 1) : inner;
      inner = inner.startsWith("-") || inner.startsWith("+") ? inner.substring(1) : inner;
      stripNext = trims;
      if (kind == '%' && inner.strip().equals("raw")) {
        raw();
        return;
      }
      if (kind != '{' && !trims && !keeps) {
        skipNewline();
      }
      if (kind == '{') {
        segments.add(new Output(start, inner));
      } else if (kind == '%') {
        segments.add(new Tag(start, inner));
      }
    }

    private void skipNewline() {
      if (at < source.length() && source.charAt(at) == '\n') {
        at++;
        line++;
      }
    }

    /** Index of the closing mark, which does not count inside strings or a dictionary's braces. */
    private int tagEnd(String close) {
      int braces = 0;
      for (int i = at + 2; i < source.length(); i++) {
        char c = source.charAt(i);
        if (c == '\'' || c == '"') {
          i = Tokens.stringEnd(source, i);
        } else if (braces == 0 && source.startsWith(close, i)) {
          return i;
        } else if (c == '{') {
          braces++;
        } else if (c == '}') {
          braces--;
        }
      }
      return -1;
    }

    private void raw() {
      Matcher end = RAW_END.matcher(source);
      if (!end.find(at)) {
        throw new TemplateFault("has raw that is not closed");
      }
      String text = source.substring(at, end.start());
      line += newlines(source.substring(at, end.end()));
      at = end.start();
      text = beforeTag(stripNext ? text.stripLeading() : text, false);
      if (!text.isEmpty()) {
        segments.add(new Plain(line, text));
      }
      at = end.end();
      stripNext = source.charAt(at - 3) == '-';
      if (!stripNext) {
        skipNewline();
      }
    }

    private static int newlines(String text) {
      return (int) text.chars().filter(c -> c == '\n').count();
    }
  }

  Pattern RAW_END = Pattern.compile("\\{%[-+]?\\s*endraw\\s*[-+]?%}");
}

package tributary.model.jinja;

import java.util.List;
import java.util.Map;

/** Values as text: as Python prints them, and as JSON. */
final class Printer {
  private final Budget budget;

  Printer(Budget budget) {
    this.budget = budget;
  }

  /** As a template prints the value. */
  String print(Value value) {
    return switch (value) {
      case Value.Undefined _ -> "";
      case Value.Text(var text) -> text;
      case Value.None _, Value.Bool _, Value.Int _, Value.Real _ -> scalar(value);
      case Value.Items _, Value.Dict _, Value.Namespace _, Value.Callable _ -> {
        StringBuilder out = new StringBuilder();
        python(out, value);
        yield budget.text(out.toString());
      }
    };
  }

  /**
   * As {@code json.dumps} writes the value.
   *
   * @param indent spaces a level, or -1 for a single line
   */
  String json(Value value, int indent) {
    StringBuilder out = new StringBuilder();
    json(out, value, indent, 0);
    return budget.text(out.toString());
  }

  private static String scalar(Value value) {
    return switch (value) {
      case Value.None _ -> "None";
      case Value.Bool(var bool) -> bool ? "True" : "False";
      case Value.Int(var integer) -> Long.toString(integer);
      case Value.Real(var real) -> Double.toString(real);
      default -> throw new AssertionError(value.kind());
    };
  }

  private void python(StringBuilder out, Value value) {
    pay(out);
    budget.enter();
    switch (value) {
      case Value.Items(var values) -> {
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
          out.append(i == 0 ? "" : ", ");
          python(out, values.get(i));
        }
        out.append(']');
      }
      case Value.Dict(var entries) -> {
        out.append('{');
        String separator = "";
        for (Map.Entry<Value, Value> entry : entries.entrySet()) {
          out.append(separator);
          python(out, entry.getKey());
          out.append(": ");
          python(out, entry.getValue());
          separator = ", ";
        }
        out.append('}');
      }
      case Value.Text(var text) -> {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote)
            .append(
                text.replace("\\", "\\\\")
                    .replace("\n", "\\n")
                    .replace("\t", "\\t")
                    .replace("\r", "\\r")
                    .replace(quote == '\'' ? "'" : "\"", "\\" + quote))
            .append(quote);
      }
      case Value.Undefined _ -> out.append("Undefined");
      case Value.Namespace _ -> out.append("<Namespace>");
      case Value.Callable(var name, _) -> out.append("<function ").append(name).append('>');
      case Value.None _, Value.Bool _, Value.Int _, Value.Real _ -> out.append(scalar(value));
    }
    budget.leave();
  }

  private void json(StringBuilder out, Value value, int indent, int level) {
    pay(out);
    budget.enter();
    switch (value) {
      case Value.None _ -> out.append("null");
      case Value.Bool(var bool) -> out.append(bool);
      case Value.Int _, Value.Real _ -> out.append(scalar(value));
      case Value.Text(var text) -> quoted(out, text);
      case Value.Items(var values) -> items(out, values, indent, level);
      case Value.Dict(var entries) -> dict(out, entries, indent, level);
      case Value.Undefined _, Value.Namespace _, Value.Callable _ ->
          throw new TemplateFault("writes %s as JSON".formatted(value.kind()));
    }
    budget.leave();
  }

  private void items(StringBuilder out, List<Value> values, int indent, int level) {
    out.append('[');
    for (int i = 0; i < values.size(); i++) {
      separate(out, i == 0, indent, level + 1);
      json(out, values.get(i), indent, level + 1);
    }
    close(out, ']', values.isEmpty(), indent, level);
  }

  private void dict(StringBuilder out, Map<Value, Value> entries, int indent, int level) {
    out.append('{');
    boolean first = true;
    for (Map.Entry<Value, Value> entry : entries.entrySet()) {
      separate(out, first, indent, level + 1);
      quoted(out, print(entry.getKey()));
      out.append(": ");
      json(out, entry.getValue(), indent, level + 1);
      first = false;
    }
    close(out, '}', entries.isEmpty(), indent, level);
  }

  private static void separate(StringBuilder out, boolean first, int indent, int level) {
    if (indent < 0) {
      out.append(first ? "" : ", ");
    } else {
      out.append(first ? "\n" : ",\n").repeat(' ', indent * level);
    }
  }

  private static void close(StringBuilder out, char bracket, boolean empty, int indent, int level) {
    if (indent >= 0 && !empty) {
      out.append('\n').repeat(' ', indent * level);
    }
    out.append(bracket);
  }

  private static void quoted(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ') {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** Elements are paid for one by one, so that a text that is too long is not built up first. */
  private void pay(StringBuilder out) {
    budget.step();
    if (out.length() > Budget.TEXT_MAX) {
      budget.textOf(out.length());
    }
  }
}

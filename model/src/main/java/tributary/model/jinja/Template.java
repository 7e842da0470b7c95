package tributary.model.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A compiled template. Immutable and thread-safe; every rendering has a budget of its own.
 *
 * <p>Whitespace is handled as transformers does ({@code trim_blocks}, {@code lstrip_blocks}), with
 * its {@code raise_exception}, {@code strftime_now}, {@code tojson}, loop controls and {@code
 * generation} blocks. There are no imports, includes or inheritance, and lists cannot be changed.
 */
public final class Template {
  public static final int SOURCE_MAX = 1 << 18;

  private final List<Node> nodes;
  private final Clock clock;

  private Template(List<Node> nodes, Clock clock) {
    this.nodes = nodes;
    this.clock = clock;
  }

  /**
   * Parses a template.
   *
   * @param clock what {@code strftime_now} reads
   * @throws TributaryException {@code chat_template}, naming the line
   */
  public static Template compile(String source, Clock clock) {
    if (source.length() > SOURCE_MAX) {
      throw new TributaryException(
          ErrorCode.CHAT_TEMPLATE,
          "the chat template has %d characters; at most %d are read"
              .formatted(source.length(), SOURCE_MAX));
    }
    try {
      return new Template(TemplateParser.parse(source), clock);
    } catch (TemplateFault fault) {
      throw complaint(fault);
    }
  }

  /**
   * Renders the template over plain data: null, booleans, numbers, strings, lists, and maps with
   * text keys.
   *
   * @throws TributaryException {@code chat_template}, with the template's own complaint or the
   *     limit it ran into
   */
  public String render(Map<String, ?> variables) {
    Budget budget = new Budget();
    Scope scope = new Scope(null);
    new Globals(budget, clock).define(scope);
    variables.forEach((name, value) -> scope.set(name, valueOf(value)));
    try {
      return new Interpreter(budget, scope).render(nodes);
    } catch (TemplateFault fault) {
      throw complaint(fault);
    }
  }

  private static TributaryException complaint(TemplateFault fault) {
    return new TributaryException(
        ErrorCode.CHAT_TEMPLATE, "the chat template, " + fault.getMessage());
  }

  private static Value valueOf(@Nullable Object data) {
    return switch (data) {
      case null -> Value.none();
      case Boolean bool -> Value.of(bool);
      case Integer integer -> Value.of(integer);
      case Long integer -> Value.of(integer);
      case Double real -> new Value.Real(real);
      case String text -> Value.of(text);
      case List<?> list -> {
        List<Value> values = new ArrayList<>(list.size());
        list.forEach(element -> values.add(valueOf(element)));
        yield new Value.Items(values);
      }
      case Map<?, ?> map -> {
        Map<String, Value> values = new LinkedHashMap<>();
        map.forEach((key, value) -> values.put((String) key, valueOf(value)));
        yield Value.Dict.of(values);
      }
      case Object other ->
          throw new IllegalArgumentException("not data for templates: " + other.getClass());
    };
  }
}

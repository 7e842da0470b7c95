package tributary.model.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The arguments of one call of a function, filter, test or method. */
record Arguments(String callee, List<Value> positional, Map<String, Value> named) {
  static Arguments none(String callee) {
    return new Arguments(callee, List.of(), Map.of());
  }

  /** The same from {@code position} on, for another callee. */
  Arguments from(int position, String other) {
    return new Arguments(
        other, positional.subList(Math.min(position, positional.size()), positional.size()), named);
  }

  /** The argument at this position or of this name. */
  Optional<Value> find(int position, String name) {
    return position < positional.size()
        ? Optional.of(positional.get(position))
        : Optional.ofNullable(named.get(name));
  }

  Value get(int position, String name) {
    return find(position, name)
        .orElseThrow(() -> new TemplateFault("%s needs %s".formatted(callee, name)));
  }

  String text(int position, String name) {
    return asText(get(position, name), name);
  }

  Optional<String> findText(int position, String name) {
    return find(position, name).map(value -> asText(value, name));
  }

  long integer(int position, String name) {
    return asInteger(get(position, name), name);
  }

  /** The integer, or empty when absent or none. */
  Optional<Long> findInteger(int position, String name) {
    return find(position, name)
        .filter(value -> !(value instanceof Value.None))
        .map(value -> asInteger(value, name));
  }

  /** Refuses more than {@code count} positional arguments. */
  Arguments atMost(int count) {
    if (positional.size() > count) {
      throw new TemplateFault(
          "%s takes at most %d arguments, not %d".formatted(callee, count, positional.size()));
    }
    return this;
  }

  private String asText(Value value, String name) {
    if (value instanceof Value.Text(var text)) {
      return text;
    }
    throw new TemplateFault(
        "%s: %s must be a string, not %s".formatted(callee, name, value.kind()));
  }

  private long asInteger(Value value, String name) {
    if (value instanceof Value.Int(var integer)) {
      return integer;
    }
    throw new TemplateFault(
        "%s: %s must be an integer, not %s".formatted(callee, name, value.kind()));
  }
}

package tributary.model.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Elements, attributes, subscripts and slices of values. */
final class Sequences {
  private final Budget budget;

  Sequences(Budget budget) {
    this.budget = budget;
  }

  /** What a loop over the value sees. */
  List<Value> elements(Value value) {
    List<Value> elements =
        switch (value) {
          case Value.Items(var values) -> values;
          case Value.Dict(var entries) -> List.copyOf(entries.keySet());
          case Value.Text(var text) -> {
            budget.elements(text.length());
            yield characters(text);
          }
          case Value.Undefined _ -> List.of();
          default -> throw new TemplateFault("iterates over %s".formatted(value.kind()));
        };
    budget.elements(elements.size());
    return elements;
  }

  long length(Value value) {
    return switch (value) {
      case Value.Text(var text) -> text.codePointCount(0, text.length());
      case Value.Items(var values) -> values.size();
      case Value.Dict(var entries) -> entries.size();
      case Value.Undefined _ -> 0;
      default -> throw new TemplateFault("takes the length of %s".formatted(value.kind()));
    };
  }

  /** {@code value.name}: data only, never anything of Java's. */
  Value attribute(Value value, String name) {
    return switch (value) {
      case Value.Dict(var entries) ->
          entries.getOrDefault(new Value.Text(name), new Value.Undefined(name));
      case Value.Namespace namespace ->
          namespace.fields.getOrDefault(name, new Value.Undefined(name));
      case Value.Undefined(var missing) ->
          throw new TemplateFault("asks for '%s' of undefined '%s'".formatted(name, missing));
      default -> new Value.Undefined(name);
    };
  }

  Value subscript(Value value, Value index) {
    if (value instanceof Value.Dict(var entries)) {
      return Operators.isKey(index)
          ? entries.getOrDefault(index, new Value.Undefined(new Printer(budget).print(index)))
          : new Value.Undefined("key");
    }
    if (index instanceof Value.Text(var name)) {
      return attribute(value, name);
    }
    if (!(index instanceof Value.Int(var position))) {
      throw new TemplateFault("takes %s as an index".formatted(index.kind()));
    }
    if (value instanceof Value.Undefined(var missing)) {
      throw new TemplateFault("asks for an element of undefined '%s'".formatted(missing));
    }
    List<Value> elements = elements(value);
    long wanted = position < 0 ? position + elements.size() : position;
    return wanted >= 0 && wanted < elements.size()
        ? elements.get((int) wanted)
        : new Value.Undefined("element " + position);
  }

  Value slice(Value value, Optional<Long> from, Optional<Long> to, long by) {
    if (by == 0) {
      throw new TemplateFault("slices by steps of 0");
    }
    List<Value> elements = elements(value);
    int size = elements.size();
    long start = from.map(index -> bound(index, size, by)).orElse(by > 0 ? 0L : size - 1L);
    long end = to.map(index -> bound(index, size, by)).orElse(by > 0 ? size : -1L);
    List<Value> taken = new ArrayList<>();
    long stride = Math.clamp(by, -Budget.STEPS_MAX, Budget.STEPS_MAX);
    for (long i = start; by > 0 ? i < end : i > end; i += stride) {
      taken.add(elements.get((int) i));
    }
    if (value instanceof Value.Text) {
      StringBuilder text = new StringBuilder();
      taken.forEach(character -> text.append(((Value.Text) character).value()));
      return Value.of(budget.text(text.toString()));
    }
    return new Value.Items(taken);
  }

  private static long bound(long index, int size, long by) {
    long counted = index < 0 ? index + size : index;
    return by > 0 ? Math.clamp(counted, 0, size) : Math.clamp(counted, -1, size - 1);
  }

  private static List<Value> characters(String text) {
    return text.codePoints().mapToObj(c -> Value.of(Character.toString(c))).toList();
  }
}

package tributary.model.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Predicate;

/** What {@code value | name(...)} can be. */
final class Filters {
  private static final Set<String> NAMES =
      Set.of(
          "abs",
          "capitalize",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");

  private final Budget budget;
  private final Operators operators;
  private final Sequences sequences;
  private final Printer printer;
  private final TextMethods texts;
  private final ValueTests tests;

  Filters(Budget budget, ValueTests tests) {
    this.budget = budget;
    this.tests = tests;
    operators = new Operators(budget);
    sequences = new Sequences(budget);
    printer = new Printer(budget);
    texts = new TextMethods(budget);
  }

  static boolean knows(String name) {
    return NAMES.contains(name);
  }

  Value apply(Value value, Arguments arguments) {
    return switch (arguments.callee()) {
      case "default", "d" -> defaulted(value, arguments);
      case "safe", "string" -> Value.of(printer.print(value));
      case "trim" -> onText("strip", value, arguments);
      case "upper", "lower", "title", "capitalize", "replace" ->
          onText(arguments.callee(), value, arguments);
      case "e", "escape" -> Value.of(budget.text(escaped(printer.print(value))));
      case "indent" -> Value.of(indented(printer.print(value), arguments));
      case "wordcount" -> Value.of(printer.print(value).strip().split("\\s+").length);
      case "tojson" -> Value.of(printer.json(value, indentation(arguments)));
      case "int" -> integer(value, arguments);
      case "float", "round", "abs" -> number(value, arguments);
      default -> ofElements(value, arguments);
    };
  }

  private Value ofElements(Value value, Arguments arguments) {
    return switch (arguments.callee()) {
      case "length", "count" -> Value.of(sequences.length(value));
      case "first" -> edge(sequences.elements(value), true);
      case "last" -> edge(sequences.elements(value), false);
      case "list" -> new Value.Items(sequences.elements(value));
      case "items" -> items(value);
      case "dictsort" -> sorted(sequences.elements(items(value)), arguments);
      case "join" -> Value.of(joined(value, arguments));
      case "map" -> mapped(sequences.elements(value), arguments);
      case "select" -> kept(value, element -> passes(element, 0, arguments));
      case "reject" -> kept(value, element -> !passes(element, 0, arguments));
      case "selectattr" ->
          kept(value, element -> passes(attribute(element, arguments), 1, arguments));
      case "rejectattr" ->
          kept(value, element -> !passes(attribute(element, arguments), 1, arguments));
      case "reverse" -> reversed(value);
      case "sort" -> sorted(sequences.elements(value), arguments);
      case "unique" -> unique(sequences.elements(value));
      case "min" -> extreme(sequences.elements(value), operators::compare);
      case "max" -> extreme(sequences.elements(value), (a, b) -> operators.compare(b, a));
      case "sum" -> sum(sequences.elements(value));
      default -> throw new TemplateFault("knows no filter '%s'".formatted(arguments.callee()));
    };
  }

  private static Value defaulted(Value value, Arguments arguments) {
    boolean falseToo = arguments.find(1, "boolean").map(Value::truth).orElse(false);
    boolean absent = value instanceof Value.Undefined || (falseToo && !value.truth());
    return absent ? arguments.find(0, "default_value").orElse(Value.of("")) : value;
  }

  private Value onText(String method, Value value, Arguments arguments) {
    Value text = Value.of(printer.print(value));
    return texts.call(
        ((Value.Text) text).value(),
        new Arguments(method, arguments.positional(), arguments.named()));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private String indented(String text, Arguments arguments) {
    int width = Math.clamp(arguments.findInteger(0, "width").orElse(4L), 0, 100);
    boolean first = arguments.find(1, "first").map(Value::truth).orElse(false);
    budget.textOf((long) text.length() * (width + 1) / 8);
    String pad = " ".repeat(width);
    String shifted = text.replace("\n", "\n" + pad).replaceAll("(?m)^ +$", "");
    return budget.text(first ? pad + shifted : shifted);
  }

  private static int indentation(Arguments arguments) {
    return arguments.findInteger(0, "indent").map(spaces -> Math.clamp(spaces, 0, 16)).orElse(-1);
  }

  private static Value integer(Value value, Arguments arguments) {
    Value absent = arguments.find(0, "default").orElse(Value.of(0));
    return switch (value) {
      case Value.Int _ -> value;
      case Value.Bool(var bool) -> Value.of(bool ? 1 : 0);
      case Value.Real(var real) -> Value.of((long) real);
      case Value.Text(var text) -> {
        try {
          yield Value.of((long) Double.parseDouble(text.strip()));
        } catch (NumberFormatException notANumber) {
          yield absent;
        }
      }
      default -> absent;
    };
  }

  private Value number(Value value, Arguments arguments) {
    double number =
        switch (value) {
          case Value.Int(var integer) -> integer;
          case Value.Real(var real) -> real;
          case Value.Text(var text) when arguments.callee().equals("float") -> {
            try {
              yield Double.parseDouble(text.strip());
            } catch (NumberFormatException notANumber) {
              yield 0;
            }
          }
          default ->
              throw new TemplateFault("%s of %s".formatted(arguments.callee(), value.kind()));
        };
    return switch (arguments.callee()) {
      case "float" -> new Value.Real(number);
      case "abs" -> number < 0 ? operators.negate(value) : value;
      default -> {
        double scale =
            Math.pow(10, Math.clamp(arguments.findInteger(0, "precision").orElse(0L), 0, 15));
        yield new Value.Real(Math.rint(number * scale) / scale);
      }
    };
  }

  private static Value edge(List<Value> elements, boolean first) {
    if (elements.isEmpty()) {
      return new Value.Undefined("element of nothing");
    }
    return first ? elements.getFirst() : elements.getLast();
  }

  Value items(Value value) {
    if (value instanceof Value.Undefined) {
      return new Value.Items(List.of());
    }
    if (!(value instanceof Value.Dict(var entries))) {
      throw new TemplateFault("takes the items of %s".formatted(value.kind()));
    }
    budget.elements(entries.size());
    List<Value> pairs = new ArrayList<>(entries.size());
    for (Map.Entry<Value, Value> entry : entries.entrySet()) {
      pairs.add(new Value.Items(List.of(entry.getKey(), entry.getValue())));
    }
    return new Value.Items(pairs);
  }

  private String joined(Value value, Arguments arguments) {
    StringJoiner joiner = new StringJoiner(arguments.findText(0, "d").orElse(""));
    for (Value element : sequences.elements(value)) {
      Value part =
          arguments
              .findText(1, "attribute")
              .map(name -> sequences.attribute(element, name))
              .orElse(element);
      joiner.add(budget.text(printer.print(part)));
      budget.step();
      budget.textOf(joiner.length() / 64);
    }
    return budget.text(joiner.toString());
  }

  private Value mapped(List<Value> elements, Arguments arguments) {
    List<Value> results = new ArrayList<>(elements.size());
    if (arguments.named().containsKey("attribute")) {
      String name = arguments.text(Integer.MAX_VALUE, "attribute");
      for (Value element : elements) {
        Value found = sequences.attribute(element, name);
        results.add(
            found instanceof Value.Undefined
                ? arguments.named().getOrDefault("default", found)
                : found);
      }
      return new Value.Items(results);
    }
    Arguments inner = arguments.from(1, arguments.text(0, "a filter's name"));
    if (!knows(inner.callee())) {
      throw new TemplateFault("knows no filter '%s'".formatted(inner.callee()));
    }
    budget.enter();
    for (Value element : elements) {
      results.add(apply(element, inner));
    }
    budget.leave();
    return new Value.Items(results);
  }

  private Value attribute(Value element, Arguments arguments) {
    return sequences.attribute(element, arguments.text(0, "an attribute's name"));
  }

  /**
   * Whether a value passes the test named at {@code position}; without a name, whether it is true.
   */
  private boolean passes(Value value, int position, Arguments arguments) {
    budget.step();
    if (position >= arguments.positional().size()) {
      return value.truth();
    }
    String name = arguments.text(position, "a test's name");
    return tests.holds(value, arguments.from(position + 1, name));
  }

  private Value kept(Value value, Predicate<Value> condition) {
    return new Value.Items(sequences.elements(value).stream().filter(condition).toList());
  }

  private Value reversed(Value value) {
    if (value instanceof Value.Text(var text)) {
      return Value.of(budget.text(new StringBuilder(text).reverse().toString()));
    }
    return new Value.Items(List.copyOf(sequences.elements(value).reversed()));
  }

  private Value sorted(List<Value> elements, Arguments arguments) {
    Comparator<Value> order =
        arguments.named().getOrDefault("attribute", Value.none()) instanceof Value.Text(var name)
            ? (a, b) ->
                operators.compare(sequences.attribute(a, name), sequences.attribute(b, name))
            : this::comparePairs;
    List<Value> sorted = new ArrayList<>(elements);
    boolean reverse = arguments.find(0, "reverse").map(Value::truth).orElse(false);
    sorted.sort(reverse ? Collections.reverseOrder(order) : order);
    return new Value.Items(sorted);
  }

  /** Pairs, as a dictionary's items, by their keys; anything else as it is. */
  private int comparePairs(Value left, Value right) {
    return left instanceof Value.Items(var one)
            && right instanceof Value.Items(var other)
            && !one.isEmpty()
            && !other.isEmpty()
        ? operators.compare(one.getFirst(), other.getFirst())
        : operators.compare(left, right);
  }

  private Value unique(List<Value> elements) {
    List<Value> distinct = new ArrayList<>();
    for (Value element : elements) {
      if (distinct.stream().noneMatch(known -> operators.equal(known, element))) {
        distinct.add(element);
      }
    }
    return new Value.Items(distinct);
  }

  private static Value extreme(List<Value> elements, Comparator<Value> order) {
    return elements.stream().min(order).orElse(new Value.Undefined("element of nothing"));
  }

  private Value sum(List<Value> elements) {
    Value sum = Value.of(0);
    for (Value element : elements) {
      sum = operators.apply(Expression.Operator.ADD, sum, element);
    }
    return sum;
  }
}

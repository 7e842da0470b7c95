package tributary.model.jinja;

import java.util.Set;

/** What {@code value is name} can be. */
final class ValueTests {
  private static final Set<String> WITH_OPERAND =
      Set.of(
          "divisibleby",
          "eq",
          "equalto",
          "ge",
          "greaterthan",
          "gt",
          "in",
          "le",
          "lessthan",
          "lt",
          "ne",
          "sameas");
  private static final Set<String> ALONE =
      Set.of(
          "boolean",
          "callable",
          "defined",
          "even",
          "false",
          "float",
          "integer",
          "iterable",
          "lower",
          "mapping",
          "none",
          "number",
          "odd",
          "sequence",
          "string",
          "true",
          "undefined",
          "upper");

  private final Operators operators;

  ValueTests(Budget budget) {
    operators = new Operators(budget);
  }

  static boolean knows(String name) {
    return ALONE.contains(name) || WITH_OPERAND.contains(name);
  }

  static boolean takesOperand(String name) {
    return WITH_OPERAND.contains(name);
  }

  boolean holds(Value value, Arguments arguments) {
    return switch (arguments.callee()) {
      case "defined" -> !(value instanceof Value.Undefined);
      case "undefined" -> value instanceof Value.Undefined;
      case "none" -> value instanceof Value.None;
      case "boolean" -> value instanceof Value.Bool;
      case "true" -> value.equals(Value.of(true));
      case "false" -> value.equals(Value.of(false));
      case "integer" -> value instanceof Value.Int;
      case "float" -> value instanceof Value.Real;
      case "number" -> Operators.isNumber(value);
      case "string" -> value instanceof Value.Text;
      case "mapping" -> value instanceof Value.Dict;
      case "iterable", "sequence" -> isIterable(value);
      case "callable" -> value instanceof Value.Callable;
      case "upper" -> value instanceof Value.Text(var text) && TextMethods.isUpper(text);
      case "lower" -> value instanceof Value.Text(var text) && TextMethods.isLower(text);
      case "odd" -> integer(value) % 2 != 0;
      case "even" -> integer(value) % 2 == 0;
      default -> relation(value, arguments);
    };
  }

  private boolean relation(Value value, Arguments arguments) {
    Value operand = arguments.get(0, "an operand");
    return switch (arguments.callee()) {
      case "eq", "equalto", "==", "sameas" -> operators.equal(value, operand);
      case "ne", "!=" -> !operators.equal(value, operand);
      case "lt", "lessthan", "<" -> operators.compare(value, operand) < 0;
      case "le", "<=" -> operators.compare(value, operand) <= 0;
      case "gt", "greaterthan", ">" -> operators.compare(value, operand) > 0;
      case "ge", ">=" -> operators.compare(value, operand) >= 0;
      case "in" -> operators.contains(operand, value);
      case "divisibleby" -> {
        if (integer(operand) == 0) {
          throw new TemplateFault("divides by zero");
        }
        yield integer(value) % integer(operand) == 0;
      }
      default -> throw new TemplateFault("knows no test '%s'".formatted(arguments.callee()));
    };
  }

  private static boolean isIterable(Value value) {
    return value instanceof Value.Items
        || value instanceof Value.Dict
        || value instanceof Value.Text;
  }

  private static long integer(Value value) {
    if (value instanceof Value.Int(var integer)) {
      return integer;
    }
    throw new TemplateFault("tests %s as an integer".formatted(value.kind()));
  }
}

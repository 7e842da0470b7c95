package tributary.model.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tributary.model.jinja.Expression.Operator;

/** Arithmetic and relations, as Python defines them. */
final class Operators {
  private final Budget budget;
  private final Printer printer;

  Operators(Budget budget) {
    this.budget = budget;
    this.printer = new Printer(budget);
  }

  Value apply(Operator operator, Value left, Value right) {
    return switch (operator) {
      case ADD -> add(left, right);
      case MULTIPLY -> multiply(left, right);
      case CONCATENATE -> {
        String first = printer.print(left);
        String second = printer.print(right);
        budget.textOf((long) first.length() + second.length());
        yield Value.of(first + second);
      }
      case SUBTRACT, DIVIDE, FLOOR_DIVIDE, MODULO -> arithmetic(operator, left, right);
    };
  }

  Value negate(Value operand) {
    return switch (operand) {
      case Value.Int(var value) -> Value.of(Math.negateExact(value));
      case Value.Real(var value) -> new Value.Real(-value);
      default -> throw new TemplateFault("negates %s".formatted(operand.kind()));
    };
  }

  boolean equal(Value left, Value right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return number(left) == number(right);
    }
    budget.enter();
    boolean equal =
        switch (left) {
          case Value.Items(var values) ->
              right instanceof Value.Items(var others) && equalItems(values, others);
          case Value.Dict(var entries) ->
              right instanceof Value.Dict(var others) && equalEntries(entries, others);
          case Value.Text(var text) -> {
            budget.textOf(text.length());
            yield right instanceof Value.Text(var other) && text.equals(other);
          }
          case Value.Undefined _ -> right instanceof Value.Undefined;
          case Value.None _ -> right instanceof Value.None;
          case Value.Bool _, Value.Int _, Value.Real _ -> false;
          case Value.Namespace _, Value.Callable _ -> left.equals(right);
        };
    budget.leave();
    return equal;
  }

  boolean contains(Value container, Value element) {
    return switch (container) {
      case Value.Text(var text) -> {
        budget.textOf(text.length());
        yield element instanceof Value.Text(var part) && text.contains(part);
      }
      case Value.Items(var values) -> values.stream().anyMatch(value -> equal(value, element));
      case Value.Dict(var entries) -> isKey(element) && entries.containsKey(element);
      case Value.Undefined _ -> false;
      default -> throw new TemplateFault("looks for an element in %s".formatted(container.kind()));
    };
  }

  /** Orders numbers, or texts. */
  int compare(Value left, Value right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return Double.compare(number(left), number(right));
    }
    if (left instanceof Value.Text(var one) && right instanceof Value.Text(var other)) {
      budget.textOf(Math.min(one.length(), other.length()));
      return one.compareTo(other);
    }
    throw new TemplateFault("compares %s with %s".formatted(left.kind(), right.kind()));
  }

  static boolean isKey(Value value) {
    return value instanceof Value.Text || value instanceof Value.Int || value instanceof Value.Bool;
  }

  static boolean isNumber(Value value) {
    return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  private static double number(Value value) {
    return switch (value) {
      case Value.Int(var integer) -> integer;
      case Value.Real(var real) -> real;
      case Value.Bool(var bool) -> bool ? 1 : 0;
      default -> throw new AssertionError(value.kind());
    };
  }

  private static long integer(Value value) {
    return switch (value) {
      case Value.Int(var integer) -> integer;
      case Value.Bool(var bool) -> bool ? 1 : 0;
      default -> throw new AssertionError(value.kind());
    };
  }

  private Value add(Value left, Value right) {
    if (left instanceof Value.Text(var one) && right instanceof Value.Text(var other)) {
      budget.textOf((long) one.length() + other.length());
      return Value.of(one + other);
    }
    if (left instanceof Value.Items(var one) && right instanceof Value.Items(var other)) {
      budget.elements((long) one.size() + other.size());
      List<Value> all = new ArrayList<>(one);
      all.addAll(other);
      return new Value.Items(all);
    }
    return arithmetic(Operator.ADD, left, right);
  }

  private Value multiply(Value left, Value right) {
    if (left instanceof Value.Text(var text) && right instanceof Value.Int(var times)) {
      int count = Math.clamp(times, 0, Budget.TEXT_MAX + 1);
      budget.textOf((long) text.length() * count);
      return Value.of(text.repeat(count));
    }
    return arithmetic(Operator.MULTIPLY, left, right);
  }

  private static Value arithmetic(Operator operator, Value left, Value right) {
    if (!isNumber(left) || !isNumber(right)) {
      throw new TemplateFault(
          "cannot %s %s and %s"
              .formatted(
                  operator.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                  left.kind(),
                  right.kind()));
    }
    try {
      return left instanceof Value.Real
              || right instanceof Value.Real
              || operator == Operator.DIVIDE
          ? new Value.Real(ofReals(operator, number(left), number(right)))
          : Value.of(ofIntegers(operator, integer(left), integer(right)));
    } catch (ArithmeticException e) {
      throw new TemplateFault("computes %s".formatted(e.getMessage()));
    }
  }

  private static long ofIntegers(Operator operator, long left, long right) {
    return switch (operator) {
      case ADD -> Math.addExact(left, right);
      case SUBTRACT -> Math.subtractExact(left, right);
      case MULTIPLY -> Math.multiplyExact(left, right);
      case FLOOR_DIVIDE -> Math.floorDiv(left, right);
      case MODULO -> Math.floorMod(left, right);
      case DIVIDE, CONCATENATE -> throw new AssertionError(operator);
    };
  }

  private static double ofReals(Operator operator, double left, double right) {
    if (right == 0
        && operator != Operator.ADD
        && operator != Operator.SUBTRACT
        && operator != Operator.MULTIPLY) {
      throw new ArithmeticException("a division by zero");
    }
    return switch (operator) {
      case ADD -> left + right;
      case SUBTRACT -> left - right;
      case MULTIPLY -> left * right;
      case DIVIDE -> left / right;
      case FLOOR_DIVIDE -> Math.floor(left / right);
      case MODULO -> left - right * Math.floor(left / right);
      case CONCATENATE -> throw new AssertionError(operator);
    };
  }

  private boolean equalItems(List<Value> values, List<Value> others) {
    if (values.size() != others.size()) {
      return false;
    }
    Iterator<Value> other = others.iterator();
    return values.stream().allMatch(value -> equal(value, other.next()));
  }

  private boolean equalEntries(Map<Value, Value> entries, Map<Value, Value> others) {
    return entries.keySet().equals(others.keySet())
        && entries.entrySet().stream()
            .allMatch(entry ->
                equal(entry.getValue(), others.getOrDefault(entry.getKey(), Value.none())));
  }
}

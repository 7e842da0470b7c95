package tributary.model.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What stands between braces. */
sealed interface Expression {
  record Constant(Value value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> elements) implements Expression {}

  record DictOf(List<Map.Entry<Expression, Expression>> entries) implements Expression {}

  record Attribute(Expression target, String name) implements Expression {}

  record Index(Expression target, Expression index) implements Expression {}

  record Slice(
      Expression target,
      Optional<Expression> from,
      Optional<Expression> to,
      Optional<Expression> by)
      implements Expression {}

  record Call(Expression target, CallArguments arguments) implements Expression {}

  record Filter(Expression target, String name, CallArguments arguments) implements Expression {}

  record Test(Expression target, String name, CallArguments arguments, boolean negated)
      implements Expression {}

  record Not(Expression operand) implements Expression {}

  record Negative(Expression operand) implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Binary(Operator operator, Expression left, Expression right) implements Expression {}

  /** {@code a < b <= c}: each operand with the next. */
  record Comparison(Expression first, List<Link> links) implements Expression {}

  /** One further operand of a comparison. */
  record Link(Comparator comparator, Expression operand) {}

  record Choice(Expression condition, Expression then, Optional<Expression> otherwise)
      implements Expression {}

  /** Arguments as written. */
  record CallArguments(List<Expression> positional, Map<String, Expression> named) {
    static final CallArguments NONE = new CallArguments(List.of(), Map.of());
  }

  /** Arithmetic. */
  enum Operator {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    FLOOR_DIVIDE,
    MODULO,
    CONCATENATE
  }

  /** Relations. */
  enum Comparator {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    IN,
    NOT_IN
  }
}

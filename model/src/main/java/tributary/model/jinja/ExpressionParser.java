package tributary.model.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tributary.model.jinja.Expression.CallArguments;
import tributary.model.jinja.Expression.Comparator;
import tributary.model.jinja.Expression.Operator;

/** Parses expressions with Jinja's precedences, a method a level, loosest first. */
final class ExpressionParser {
  private static final int DEPTH_MAX = 60;

  private final Tokens tokens;
  private int depth;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
  }

  /** An expression, or several with commas between them, which make a tuple. */
  Expression tuple() {
    Expression first = expression();
    if (!tokens.peek().isSymbol(",")) {
      return first;
    }
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (tokens.takeSymbol(",") && !atEndOfTuple()) {
      elements.add(expression());
    }
    return new Expression.ListOf(elements);
  }

  Expression expression() {
    if (++depth > DEPTH_MAX) {
      throw new TemplateFault("nests expressions more than %d deep".formatted(DEPTH_MAX));
    }
    Expression value = or();
    while (tokens.takeName("if")) {
      Expression condition = or();
      Optional<Expression> otherwise =
          tokens.takeName("else") ? Optional.of(expression()) : Optional.empty();
      value = new Expression.Choice(condition, value, otherwise);
    }
    depth--;
    return value;
  }

  /** An expression that ends before a conditional {@code if}: what a loop iterates. */
  Expression or() {
    Expression left = and();
    while (tokens.takeName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.takeName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.takeName("not")) {
      return comparison();
    }
    boolean negated = true;
    while (tokens.takeName("not")) {
      negated = !negated;
    }
    Expression inverse = new Expression.Not(comparison());
    return negated ? inverse : new Expression.Not(inverse);
  }

  private Expression comparison() {
    Expression first = sum();
    List<Expression.Link> links = new ArrayList<>();
    for (Optional<Comparator> next = comparator(); next.isPresent(); next = comparator()) {
      links.add(new Expression.Link(next.get(), sum()));
    }
    return links.isEmpty() ? first : new Expression.Comparison(first, links);
  }

  private Optional<Comparator> comparator() {
    if (tokens.takeName("in")) {
      return Optional.of(Comparator.IN);
    }
    if (tokens.peek().isName("not") && tokens.peek(1).isName("in")) {
      tokens.take();
      tokens.take();
      return Optional.of(Comparator.NOT_IN);
    }
    if (tokens.peek().kind() != Token.Kind.SYMBOL) {
      return Optional.empty();
    }
    Optional<Comparator> comparator =
        switch (tokens.peek().text()) {
          case "==" -> Optional.of(Comparator.EQUAL);
          case "!=" -> Optional.of(Comparator.NOT_EQUAL);
          case "<" -> Optional.of(Comparator.LESS);
          case "<=" -> Optional.of(Comparator.LESS_OR_EQUAL);
          case ">" -> Optional.of(Comparator.GREATER);
          case ">=" -> Optional.of(Comparator.GREATER_OR_EQUAL);
          default -> Optional.empty();
        };
    comparator.ifPresent(_ -> tokens.take());
    return comparator;
  }

  private Expression sum() {
    Expression left = concatenation();
    while (true) {
      if (tokens.takeSymbol("+")) {
        left = new Expression.Binary(Operator.ADD, left, concatenation());
      } else if (tokens.takeSymbol("-")) {
        left = new Expression.Binary(Operator.SUBTRACT, left, concatenation());
      } else {
        return left;
      }
    }
  }

  private Expression concatenation() {
    Expression left = product();
    while (tokens.takeSymbol("~")) {
      left = new Expression.Binary(Operator.CONCATENATE, left, product());
    }
    return left;
  }

  private Expression product() {
    Expression left = unary();
    while (true) {
      if (tokens.takeSymbol("*")) {
        left = new Expression.Binary(Operator.MULTIPLY, left, unary());
      } else if (tokens.takeSymbol("//")) {
        left = new Expression.Binary(Operator.FLOOR_DIVIDE, left, unary());
      } else if (tokens.takeSymbol("/")) {
        left = new Expression.Binary(Operator.DIVIDE, left, unary());
      } else if (tokens.takeSymbol("%")) {
        left = new Expression.Binary(Operator.MODULO, left, unary());
      } else {
        return left;
      }
    }
  }

  private Expression unary() {
    boolean negative = tokens.takeSymbol("-");
    if (!negative) {
      tokens.takeSymbol("+");
    }
    Expression operand = postfix(primary());
    return filtersAndTests(negative ? new Expression.Negative(operand) : operand);
  }

  private Expression primary() {
    Token token = tokens.take();
    return switch (token.kind()) {
      case STRING -> new Expression.Constant(new Value.Text(strings(token.text())));
      case INTEGER -> new Expression.Constant(new Value.Int(integer(token.text())));
      case FLOAT -> new Expression.Constant(new Value.Real(Double.parseDouble(token.text())));
      case NAME -> name(token.text());
      case SYMBOL -> bracketed(token);
      case END -> throw new TemplateFault("ends where a value is wanted");
    };
  }

  /** Neighbouring strings are one. */
  private String strings(String first) {
    StringBuilder all = new StringBuilder(first);
    while (tokens.peek().kind() == Token.Kind.STRING) {
      all.append(tokens.take().text());
    }
    return all.toString();
  }

  private static long integer(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException tooLarge) {
      throw new TemplateFault("has the integer %s, which is too large".formatted(digits));
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Expression.Constant(Value.of(true));
      case "false", "False" -> new Expression.Constant(Value.of(false));
      case "none", "None" -> new Expression.Constant(Value.none());
      default -> new Expression.Name(name);
    };
  }

  private Expression bracketed(Token open) {
    return switch (open.text()) {
      case "(" -> {
        if (tokens.takeSymbol(")")) {
          yield new Expression.ListOf(List.of());
        }
        Expression inner = tuple();
        tokens.expectSymbol(")");
        yield inner;
      }
      case "[" -> {
        List<Expression> elements = new ArrayList<>();
        while (!tokens.takeSymbol("]")) {
          elements.add(expression());
          if (!tokens.peek().isSymbol("]")) {
            tokens.expectSymbol(",");
          }
        }
        yield new Expression.ListOf(elements);
      }
      case "{" -> dict();
      default ->
          throw new TemplateFault("found '%s' where a value is wanted".formatted(open.text()));
    };
  }

  private Expression dict() {
    List<Map.Entry<Expression, Expression>> entries = new ArrayList<>();
    while (!tokens.takeSymbol("}")) {
      Expression key = expression();
      tokens.expectSymbol(":");
      entries.add(Map.entry(key, expression()));
      if (!tokens.peek().isSymbol("}")) {
        tokens.expectSymbol(",");
      }
    }
    return new Expression.DictOf(entries);
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    for (int length = 0; length <= DEPTH_MAX; length++) {
      if (tokens.takeSymbol(".")) {
        value = attribute(value);
      } else if (tokens.takeSymbol("[")) {
        value = subscript(value);
      } else if (tokens.peek().isSymbol("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
    throw new TemplateFault("chains more than %d accesses".formatted(DEPTH_MAX));
  }

  private Expression attribute(Expression target) {
    return tokens.peek().kind() == Token.Kind.INTEGER
        ? new Expression.Index(
            target, new Expression.Constant(new Value.Int(integer(tokens.take().text()))))
        : new Expression.Attribute(target, tokens.expectName());
  }

  private Expression subscript(Expression target) {
    Optional<Expression> from = sliceBound();
    if (!tokens.takeSymbol(":")) {
      tokens.expectSymbol("]");
      return new Expression.Index(
          target, from.orElseThrow(() -> new TemplateFault("has an empty subscript")));
    }
    Optional<Expression> to = sliceBound();
    Optional<Expression> by = tokens.takeSymbol(":") ? sliceBound() : Optional.empty();
    tokens.expectSymbol("]");
    return new Expression.Slice(target, from, to, by);
  }

  private Optional<Expression> sliceBound() {
    boolean absent = tokens.peek().isSymbol(":") || tokens.peek().isSymbol("]");
    return absent ? Optional.empty() : Optional.of(expression());
  }

  private Expression filtersAndTests(Expression start) {
    Expression value = start;
    for (int length = 0; length <= DEPTH_MAX; length++) {
      if (tokens.takeSymbol("|")) {
        value = new Expression.Filter(value, filterName(), optionalArguments());
      } else if (tokens.takeName("is")) {
        value = test(value);
      } else {
        return value;
      }
    }
    throw new TemplateFault("chains more than %d filters".formatted(DEPTH_MAX));
  }

  /** A filter's name, which must be one of ours. */
  String filterName() {
    String name = tokens.expectName();
    if (!Filters.knows(name)) {
      throw new TemplateFault("uses the filter '%s', which is not supported".formatted(name));
    }
    return name;
  }

  CallArguments optionalArguments() {
    return tokens.peek().isSymbol("(") ? arguments() : CallArguments.NONE;
  }

  private Expression test(Expression value) {
    boolean negated = tokens.takeName("not");
    String name = tokens.expectName();
    if (!ValueTests.knows(name)) {
      throw new TemplateFault("uses the test '%s', which is not supported".formatted(name));
    }
    if (tokens.peek().isSymbol("(")) {
      return new Expression.Test(value, name, arguments(), negated);
    }
    CallArguments arguments =
        ValueTests.takesOperand(name)
            ? new CallArguments(List.of(postfix(primary())), Map.of())
            : CallArguments.NONE;
    return new Expression.Test(value, name, arguments, negated);
  }

  private CallArguments arguments() {
    tokens.expectSymbol("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.takeSymbol(")")) {
      if (tokens.peek().kind() == Token.Kind.NAME && tokens.peek(1).isSymbol("=")) {
        String name = tokens.expectName();
        tokens.expectSymbol("=");
        named.put(name, expression());
      } else if (named.isEmpty()) {
        positional.add(expression());
      } else {
        throw tokens.unexpected("a named argument");
      }
      if (!tokens.peek().isSymbol(")")) {
        tokens.expectSymbol(",");
      }
    }
    return new CallArguments(positional, named);
  }

  private boolean atEndOfTuple() {
    return tokens.peek().kind() == Token.Kind.END
        || tokens.peek().isSymbol(")")
        || tokens.peek().isSymbol("]");
  }
}

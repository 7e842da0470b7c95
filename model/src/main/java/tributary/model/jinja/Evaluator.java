package tributary.model.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Computes expressions. */
final class Evaluator {
  private final Budget budget;
  private final Operators operators;
  private final Sequences sequences;
  private final TextMethods texts;
  private final ValueTests tests;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    operators = new Operators(budget);
    sequences = new Sequences(budget);
    texts = new TextMethods(budget);
    tests = new ValueTests(budget);
    filters = new Filters(budget, tests);
  }

  Value evaluate(Expression expression, Scope scope) {
    budget.step();
    budget.enter();
    Value value = evaluated(expression, scope);
    budget.leave();
    return value;
  }

  private Value evaluated(Expression expression, Scope scope) {
    return switch (expression) {
      case Expression.Constant(var value) -> value;
      case Expression.Name(var name) -> scope.find(name).orElseGet(() -> new Value.Undefined(name));
      case Expression.ListOf(var elements) -> new Value.Items(all(elements, scope));
      case Expression.DictOf(var entries) -> dict(entries, scope);
      case Expression.Attribute(var target, var name) ->
          sequences.attribute(evaluate(target, scope), name);
      case Expression.Index(var target, var index) ->
          sequences.subscript(evaluate(target, scope), evaluate(index, scope));
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Call(var target, var arguments) -> call(target, arguments, scope);
      case Expression.Filter(var target, var name, var arguments) ->
          filters.apply(evaluate(target, scope), arguments(name, arguments, scope));
      case Expression.Test(var target, var name, var arguments, var negated) ->
          Value.of(
              negated != tests.holds(evaluate(target, scope), arguments(name, arguments, scope)));
      case Expression.Not(var operand) -> Value.of(!evaluate(operand, scope).truth());
      case Expression.Negative(var operand) -> operators.negate(evaluate(operand, scope));
      case Expression.And(var left, var right) -> {
        Value first = evaluate(left, scope);
        yield first.truth() ? evaluate(right, scope) : first;
      }
      case Expression.Or(var left, var right) -> {
        Value first = evaluate(left, scope);
        yield first.truth() ? first : evaluate(right, scope);
      }
      case Expression.Binary(var operator, var left, var right) ->
          operators.apply(operator, evaluate(left, scope), evaluate(right, scope));
      case Expression.Comparison(var first, var links) ->
          Value.of(holds(evaluate(first, scope), links, scope));
      case Expression.Choice(var condition, var then, var otherwise) ->
          evaluate(condition, scope).truth()
              ? evaluate(then, scope)
              : otherwise
                  .map(other -> evaluate(other, scope))
                  .orElseGet(() -> new Value.Undefined("else"));
    };
  }

  Value filtered(String filter, Expression.CallArguments arguments, String text, Scope scope) {
    return filters.apply(Value.of(text), arguments(filter, arguments, scope));
  }

  List<Value> elements(Value value) {
    return sequences.elements(value);
  }

  private List<Value> all(List<Expression> expressions, Scope scope) {
    List<Value> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Value dict(List<Map.Entry<Expression, Expression>> entries, Scope scope) {
    Map<Value, Value> values = new LinkedHashMap<>();
    for (Map.Entry<Expression, Expression> entry : entries) {
      Value key = evaluate(entry.getKey(), scope);
      if (!Operators.isKey(key)) {
        throw new TemplateFault("takes %s as a key".formatted(key.kind()));
      }
      values.put(key, evaluate(entry.getValue(), scope));
    }
    return new Value.Dict(Collections.unmodifiableMap(values));
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    return sequences.slice(
        evaluate(slice.target(), scope),
        bound(slice.from(), scope),
        bound(slice.to(), scope),
        bound(slice.by(), scope).orElse(1L));
  }

  private Optional<Long> bound(Optional<Expression> expression, Scope scope) {
    if (expression.isEmpty()) {
      return Optional.empty();
    }
    return switch (evaluate(expression.get(), scope)) {
      case Value.Int(var integer) -> Optional.of(integer);
      case Value.None _ -> Optional.empty();
      case Value other -> throw new TemplateFault("slices with %s".formatted(other.kind()));
    };
  }

  private boolean holds(Value first, List<Expression.Link> links, Scope scope) {
    Value left = first;
    for (Expression.Link link : links) {
      Value right = evaluate(link.operand(), scope);
      if (!holds(left, link.comparator(), right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private boolean holds(Value left, Expression.Comparator comparator, Value right) {
    return switch (comparator) {
      case EQUAL -> operators.equal(left, right);
      case NOT_EQUAL -> !operators.equal(left, right);
      case LESS -> operators.compare(left, right) < 0;
      case LESS_OR_EQUAL -> operators.compare(left, right) <= 0;
      case GREATER -> operators.compare(left, right) > 0;
      case GREATER_OR_EQUAL -> operators.compare(left, right) >= 0;
      case IN -> operators.contains(right, left);
      case NOT_IN -> !operators.contains(right, left);
    };
  }

  private Arguments arguments(String callee, Expression.CallArguments written, Scope scope) {
    if (written.positional().isEmpty() && written.named().isEmpty()) {
      return Arguments.none(callee);
    }
    Map<String, Value> named = new LinkedHashMap<>();
    written.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    return new Arguments(callee, all(written.positional(), scope), named);
  }

  private Value call(Expression target, Expression.CallArguments written, Scope scope) {
    if (target instanceof Expression.Attribute(var owner, var name)) {
      return method(evaluate(owner, scope), arguments(name, written, scope));
    }
    Value called = evaluate(target, scope);
    if (called instanceof Value.Callable(var name, var body)) {
      return body.call(arguments(name, written, scope));
    }
    throw new TemplateFault("calls %s".formatted(called.kind()));
  }

  private Value method(Value owner, Arguments arguments) {
    return switch (owner) {
      case Value.Text(var text) -> texts.call(text, arguments);
      case Value.Dict dict -> dictMethod(dict, arguments);
      case Value.Items(var values) -> listMethod(values, arguments);
      case Value.Namespace namespace
          when namespace.fields.get(arguments.callee()) instanceof Value.Callable(_, var body) ->
          body.call(arguments);
      default ->
          throw new TemplateFault(
              "calls %s of %s, which is not supported".formatted(arguments.callee(), owner.kind()));
    };
  }

  private Value dictMethod(Value.Dict dict, Arguments arguments) {
    budget.elements(dict.entries().size());
    return switch (arguments.callee()) {
      case "items" -> filters.items(dict);
      case "keys" -> new Value.Items(List.copyOf(dict.entries().keySet()));
      case "values" -> new Value.Items(List.copyOf(dict.entries().values()));
      case "get" -> {
        Value found = sequences.subscript(dict, arguments.get(0, "a key"));
        yield found instanceof Value.Undefined
            ? arguments.find(1, "default").orElse(Value.none())
            : found;
      }
      default -> {
        Value own = sequences.attribute(dict, arguments.callee());
        if (own instanceof Value.Callable(_, var body)) {
          yield body.call(arguments);
        }
        throw new TemplateFault(
            "calls %s of a dict, which is not supported".formatted(arguments.callee()));
      }
    };
  }

  private Value listMethod(List<Value> values, Arguments arguments) {
    return switch (arguments.callee()) {
      case "index" -> {
        Value wanted = arguments.get(0, "an element");
        for (int i = 0; i < values.size(); i++) {
          if (operators.equal(values.get(i), wanted)) {
            yield Value.of(i);
          }
        }
        throw new TemplateFault("index: the element is not in the list");
      }
      case "count" ->
          Value.of(
              values.stream()
                  .filter(value -> operators.equal(value, arguments.get(0, "an element")))
                  .count());
      default ->
          throw new TemplateFault(
              "calls %s of a list, which is not supported; lists cannot be changed"
                  .formatted(arguments.callee()));
    };
  }
}

package tributary.model.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Walks a template's tree and writes its text. */
final class Interpreter {
  /** How a list of nodes was left. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;
  private final Printer printer;
  private final Scope globals;
  private StringBuilder out = new StringBuilder();
  private int line;

  Interpreter(Budget budget, Scope globals) {
    this.budget = budget;
    this.globals = globals;
    evaluator = new Evaluator(budget);
    printer = new Printer(budget);
  }

  String render(List<Node> template) {
    try {
      run(template, globals);
      return out.toString();
    } catch (TemplateFault fault) {
      throw new TemplateFault("line %d: %s".formatted(line, fault.getMessage()));
    }
  }

  private Flow run(List<Node> nodes, Scope scope) {
    budget.enter();
    Flow flow = Flow.ON;
    for (int i = 0; i < nodes.size() && flow == Flow.ON; i++) {
      budget.step();
      line = nodes.get(i).line();
      flow = run(nodes.get(i), scope);
    }
    budget.leave();
    return flow;
  }

  private Flow run(Node node, Scope scope) {
    switch (node) {
      case Node.Literal(_, var text) -> write(text);
      case Node.Print(_, var value) -> write(printer.print(evaluator.evaluate(value, scope)));
      case Node.Set(_, var names, var value) ->
          assign(names, evaluator.evaluate(value, scope), scope);
      case Node.SetField set -> setField(set, scope);
      case Node.SetBlock(_, var name, var body) ->
          scope.set(name, Value.of(captured(body, new Scope(scope))));
      case Node.FilterBlock(_, var filter, var arguments, var body) -> {
        String text = captured(body, new Scope(scope));
        write(printer.print(evaluator.filtered(filter, arguments, text, scope)));
      }
      case Node.Macro macro ->
          scope.set(
              macro.name(),
              new Value.Callable(macro.name(), arguments -> expand(macro, arguments, scope)));
      case Node.If branches -> {
        return run(chosen(branches, scope), scope);
      }
      case Node.For loop -> loop(loop, scope);
      case Node.Body(_, var body) -> {
        return run(body, scope);
      }
      case Node.Break _ -> {
        return Flow.BREAK;
      }
      case Node.Continue _ -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private void write(String text) {
    budget.textOf(text.length());
    if ((long) out.length() + text.length() > Budget.TEXT_MAX) {
      throw new TemplateFault("writes more than %d characters".formatted(Budget.TEXT_MAX));
    }
    out.append(text);
  }

  private String captured(List<Node> body, Scope scope) {
    StringBuilder around = out;
    out = new StringBuilder();
    run(body, scope);
    String text = out.toString();
    out = around;
    return text;
  }

  private List<Node> chosen(Node.If branches, Scope scope) {
    for (Node.Branch branch : branches.branches()) {
      if (evaluator.evaluate(branch.condition(), scope).truth()) {
        return branch.body();
      }
    }
    return branches.otherwise();
  }

  private void assign(List<String> names, Value value, Scope scope) {
    if (names.size() == 1) {
      scope.set(names.getFirst(), value);
      return;
    }
    List<Value> parts = evaluator.elements(value);
    if (parts.size() != names.size()) {
      throw new TemplateFault(
          "unpacks %d values into %d names".formatted(parts.size(), names.size()));
    }
    for (int i = 0; i < parts.size(); i++) {
      scope.set(names.get(i), parts.get(i));
    }
  }

  private void setField(Node.SetField set, Scope scope) {
    Value value = evaluator.evaluate(set.value(), scope);
    if (scope.find(set.namespace()).orElse(Value.none()) instanceof Value.Namespace namespace) {
      namespace.fields.put(set.field(), value);
    } else {
      throw new TemplateFault(
          "sets a field of '%s', which is no namespace".formatted(set.namespace()));
    }
  }

  private Value expand(Node.Macro macro, Arguments arguments, Scope around) {
    int caller = line;
    Scope scope = new Scope(around);
    List<Node.Formal> formals = macro.formals();
    arguments.atMost(formals.size());
    for (int i = 0; i < formals.size(); i++) {
      Node.Formal formal = formals.get(i);
      Value value =
          arguments
              .find(i, formal.name())
              .orElseGet(() ->
                  formal
                      .absent()
                      .map(expression -> evaluator.evaluate(expression, scope))
                      .orElseGet(() -> new Value.Undefined(formal.name())));
      scope.set(formal.name(), value);
    }
    String text = captured(macro.body(), scope);
    line = caller;
    return Value.of(text);
  }

  private void loop(Node.For loop, Scope scope) {
    List<Value> elements = evaluator.elements(evaluator.evaluate(loop.iterated(), scope));
    if (loop.condition().isPresent()) {
      Expression condition = loop.condition().get();
      elements =
          elements.stream()
              .filter(element -> {
                Scope inner = new Scope(scope);
                assign(loop.targets(), element, inner);
                return evaluator.evaluate(condition, inner).truth();
              })
              .toList();
    }
    if (elements.isEmpty()) {
      run(loop.otherwise(), scope);
      return;
    }
    for (int i = 0; i < elements.size(); i++) {
      Scope inner = new Scope(scope);
      assign(loop.targets(), elements.get(i), inner);
      inner.set("loop", position(elements, i));
      if (run(loop.body(), inner) == Flow.BREAK) {
        return;
      }
    }
  }

  /** What {@code loop} tells inside a loop. */
  private static Value position(List<Value> elements, int index) {
    int count = elements.size();
    Map<String, Value> loop = new LinkedHashMap<>();
    loop.put("index", Value.of(index + 1));
    loop.put("index0", Value.of(index));
    loop.put("revindex", Value.of(count - index));
    loop.put("revindex0", Value.of(count - index - 1));
    loop.put("first", Value.of(index == 0));
    loop.put("last", Value.of(index == count - 1));
    loop.put("length", Value.of(count));
    if (index > 0) {
      loop.put("previtem", elements.get(index - 1));
    }
    if (index < count - 1) {
      loop.put("nextitem", elements.get(index + 1));
    }
    loop.put(
        "cycle",
        new Value.Callable(
            "cycle",
            arguments ->
                arguments.get(index % Math.max(1, arguments.positional().size()), "a value")));
    return Value.Dict.of(loop);
  }
}

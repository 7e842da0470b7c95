package tributary.model.jinja;

import java.util.List;
import java.util.Optional;

/** A piece of a template; {@code line} is where it starts. */
sealed interface Node {
  int line();

  record Literal(int line, String text) implements Node {}

  record Print(int line, Expression value) implements Node {}

  /** The first branch whose condition holds; {@code otherwise} if none does. */
  record If(int line, List<Branch> branches, List<Node> otherwise) implements Node {}

  record Branch(Expression condition, List<Node> body) {}

  record For(
      int line,
      List<String> targets,
      Expression iterated,
      Optional<Expression> condition,
      List<Node> body,
      List<Node> otherwise)
      implements Node {}

  record Set(int line, List<String> names, Expression value) implements Node {}

  record SetField(int line, String namespace, String field, Expression value) implements Node {}

  record SetBlock(int line, String name, List<Node> body) implements Node {}

  record Macro(int line, String name, List<Formal> formals, List<Node> body) implements Node {}

  /** A macro's parameter, with its value where the caller gives none. */
  record Formal(String name, Optional<Expression> absent) {}

  /** A part that is rendered through a filter. */
  record FilterBlock(int line, String filter, Expression.CallArguments arguments, List<Node> body)
      implements Node {}

  record Break(int line) implements Node {}

  record Continue(int line) implements Node {}

  /** A part that only marks its body, such as {@code generation}. */
  record Body(int line, List<Node> body) implements Node {}
}

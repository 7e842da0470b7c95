package tributary.model.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Builds a template's tree from its segments. */
final class TemplateParser {
  private static final int DEPTH_MAX = 40;
  private static final int NODES_MAX = 100_000;

  /** How a block ended: the tag's name and what stands after it. */
  private record Ending(String tag, Tokens rest) {}

  private final List<Segment> segments;
  private int next;
  private int depth;
  private int loops;
  private int line = 1;
  private Ending ending = new Ending("", Tokens.of(""));

  private TemplateParser(List<Segment> segments) {
    this.segments = segments;
  }

  static List<Node> parse(String source) {
    TemplateParser parser = new TemplateParser(Segment.cut(source));
    try {
      return parser.body(Set.of());
    } catch (TemplateFault fault) {
      throw new TemplateFault("line %d: %s".formatted(parser.line, fault.getMessage()));
    }
  }

  /** Nodes up to one of the tags in {@code ends}, which is left in {@link #ending}. */
  private List<Node> body(Set<String> ends) {
    if (++depth > DEPTH_MAX) {
      throw new TemplateFault("nests blocks more than %d deep".formatted(DEPTH_MAX));
    }
    List<Node> nodes = new ArrayList<>();
    while (next < segments.size()) {
      Segment segment = segments.get(next++);
      line = segment.line();
      if (next > NODES_MAX) {
        throw new TemplateFault("has more than %d parts".formatted(NODES_MAX));
      }
      switch (segment) {
        case Segment.Plain(int at, String text) -> nodes.add(new Node.Literal(at, text));
        case Segment.Output(int at, String source) -> {
          Tokens tokens = Tokens.of(source);
          nodes.add(new Node.Print(at, new ExpressionParser(tokens).tuple()));
          tokens.expectEnd();
        }
        case Segment.Tag(int at, String source) -> {
          Tokens tokens = Tokens.of(source);
          String tag = tokens.expectName();
          if (ends.contains(tag)) {
            ending = new Ending(tag, tokens);
            depth--;
            return nodes;
          }
          nodes.add(statement(at, tag, tokens));
          ending.rest.expectEnd();
        }
      }
    }
    if (!ends.isEmpty()) {
      throw new TemplateFault("ends where %s is wanted".formatted(String.join(" or ", ends)));
    }
    depth--;
    return nodes;
  }

  private Node statement(int at, String tag, Tokens tokens) {
    ending = new Ending(tag, tokens);
    return switch (tag) {
      case "if" -> branches(at, tokens);
      case "for" -> loop(at, tokens);
      case "set" -> assignment(at, tokens);
      case "macro" -> macro(at, tokens);
      case "filter" -> filter(at, tokens);
      case "generation" -> new Node.Body(at, body(Set.of("endgeneration")));
      case "break" -> inLoop(new Node.Break(at), tag);
      case "continue" -> inLoop(new Node.Continue(at), tag);
      default ->
          throw new TemplateFault("uses the tag '%s', which is not supported".formatted(tag));
    };
  }

  private Node inLoop(Node node, String tag) {
    if (loops == 0) {
      throw new TemplateFault("has %s outside a loop".formatted(tag));
    }
    return node;
  }

  private Node branches(int at, Tokens start) {
    List<Node.Branch> branches = new ArrayList<>();
    List<Node> otherwise = List.of();
    Tokens condition = start;
    while (true) {
      Expression when = new ExpressionParser(condition).tuple();
      condition.expectEnd();
      branches.add(new Node.Branch(when, body(Set.of("elif", "else", "endif"))));
      if (!ending.tag.equals("elif")) {
        break;
      }
      condition = ending.rest;
    }
    if (ending.tag.equals("else")) {
      ending.rest.expectEnd();
      otherwise = body(Set.of("endif"));
    }
    return new Node.If(at, branches, otherwise);
  }

  private Node loop(int at, Tokens tokens) {
    List<String> targets = names(tokens);
    if (!tokens.takeName("in")) {
      throw tokens.unexpected("'in'");
    }
    ExpressionParser parser = new ExpressionParser(tokens);
    Expression iterated = parser.or();
    Optional<Expression> condition =
        tokens.takeName("if") ? Optional.of(parser.expression()) : Optional.empty();
    tokens.expectEnd();
    loops++;
    List<Node> body = body(Set.of("else", "endfor"));
    loops--;
    List<Node> otherwise = List.of();
    if (ending.tag.equals("else")) {
      ending.rest.expectEnd();
      otherwise = body(Set.of("endfor"));
    }
    return new Node.For(at, targets, iterated, condition, body, otherwise);
  }

  private Node assignment(int at, Tokens tokens) {
    if (tokens.peek(1).isSymbol(".")) {
      String namespace = tokens.expectName();
      tokens.expectSymbol(".");
      String field = tokens.expectName();
      tokens.expectSymbol("=");
      return new Node.SetField(at, namespace, field, new ExpressionParser(tokens).tuple());
    }
    List<String> names = names(tokens);
    if (tokens.takeSymbol("=")) {
      return new Node.Set(at, names, new ExpressionParser(tokens).tuple());
    }
    tokens.expectEnd();
    return new Node.SetBlock(at, names.getFirst(), body(Set.of("endset")));
  }

  private Node macro(int at, Tokens tokens) {
    String name = tokens.expectName();
    List<Node.Formal> formals = new ArrayList<>();
    tokens.expectSymbol("(");
    while (!tokens.takeSymbol(")")) {
      String formal = tokens.expectName();
      Optional<Expression> absent =
          tokens.takeSymbol("=")
              ? Optional.of(new ExpressionParser(tokens).expression())
              : Optional.empty();
      formals.add(new Node.Formal(formal, absent));
      if (!tokens.peek().isSymbol(")")) {
        tokens.expectSymbol(",");
      }
    }
    tokens.expectEnd();
    int enclosing = loops;
    loops = 0;
    List<Node> body = body(Set.of("endmacro"));
    loops = enclosing;
    ending.rest.takeName(name);
    return new Node.Macro(at, name, formals, body);
  }

  private Node filter(int at, Tokens tokens) {
    ExpressionParser parser = new ExpressionParser(tokens);
    String name = parser.filterName();
    Expression.CallArguments arguments = parser.optionalArguments();
    tokens.expectEnd();
    return new Node.FilterBlock(at, name, arguments, body(Set.of("endfilter")));
  }

  private static List<String> names(Tokens tokens) {
    boolean parenthesis = tokens.takeSymbol("(");
    List<String> names = new ArrayList<>(List.of(tokens.expectName()));
    while (tokens.takeSymbol(",")) {
      names.add(tokens.expectName());
    }
    if (parenthesis) {
      tokens.expectSymbol(")");
    }
    return names;
  }
}

package tributary.model.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tributary.protocol.Quoted;

/**
 * A regular expression of the kind that JSON Schema has, read into a grammar. Look-around,
 * back-references and word boundaries have no place in it; it matches in linear time.
 */
final class RegularExpression {
  private static final int LENGTH_MAX = 1024;
  private static final int DEPTH_MAX = 32;
  private static final int REPEAT_MAX = 1024;
  private static final CharacterSet DIGITS = CharacterSet.of('0', '9');
  private static final CharacterSet WORD =
      DIGITS.or(CharacterSet.of('a', 'z')).or(CharacterSet.of('A', 'Z')).or(CharacterSet.of('_'));
  private static final CharacterSet SPACE = CharacterSet.of(' ').or(CharacterSet.of('\t', '\r'));
  private static final CharacterSet NOT_NEWLINE =
      CharacterSet.of('\n')
          .or(CharacterSet.of('\r'))
          .or(CharacterSet.of(0x2028, 0x2029))
          .complement();

  private final int[] source;
  private final String text;
  private final Function<CharacterSet, Node> one;
  private int at;
  private int depth;

  private RegularExpression(String text, Function<CharacterSet, Node> one) {
    this.text = text;
    this.source = text.codePoints().toArray();
    this.one = one;
  }

  /**
   * The texts in which the expression finds something: all of it, where it is anchored.
   *
   * @param one how a character of a set is written
   */
  static Node searched(String expression, Function<CharacterSet, Node> one) {
    if (expression.length() > LENGTH_MAX) {
      throw SchemaFault.of(
          "a pattern has %d characters; at most %d are read"
              .formatted(expression.length(), LENGTH_MAX));
    }
    boolean fromStart = expression.startsWith("^");
    boolean toEnd = expression.endsWith("$") && !endsEscaped(expression);
    String body = expression.substring(fromStart ? 1 : 0, expression.length() - (toEnd ? 1 : 0));
    var pattern = new RegularExpression(body, one);
    Node node = pattern.alternatives();
    if (pattern.at < pattern.source.length) {
      throw pattern.fault("an unopened )");
    }
    // ^a|b$ anchors each side of the bar only; reading it as ^(a|b)$ would be another expression.
    if ((fromStart || toEnd) && pattern.hasTopLevelBar) {
      throw pattern.fault("an anchor beside a |; put the alternatives in parentheses");
    }
    Node anything = Node.repeat(one.apply(CharacterSet.ALL), 0, Node.UNBOUNDED);
    var parts = new ArrayList<Node>();
    if (!fromStart) {
      parts.add(anything);
    }
    parts.add(node);
    if (!toEnd) {
      parts.add(anything);
    }
    return Node.sequence(parts);
  }

  private boolean hasTopLevelBar;

  private static boolean endsEscaped(String expression) {
    int slashes = 0;
    for (int i = expression.length() - 2; i >= 0 && expression.charAt(i) == '\\'; i--) {
      slashes++;
    }
    return slashes % 2 == 1;
  }

  private Node alternatives() {
    if (++depth > DEPTH_MAX) {
      throw fault("more than " + DEPTH_MAX + " groups within each other");
    }
    var options = new ArrayList<Node>();
    options.add(sequence());
    while (accept('|')) {
      hasTopLevelBar |= depth == 1;
      options.add(sequence());
    }
    depth--;
    return Node.choice(options);
  }

  private Node sequence() {
    var parts = new ArrayList<Node>();
    while (at < source.length && source[at] != '|' && source[at] != ')') {
      parts.add(repeated(atom()));
    }
    return Node.sequence(parts);
  }

  private Node repeated(Node atom) {
    if (at == source.length) {
      return atom;
    }
    Node node =
        switch (source[at]) {
          case '*' -> counted(atom, 0, Node.UNBOUNDED);
          case '+' -> counted(atom, 1, Node.UNBOUNDED);
          case '?' -> counted(atom, 0, 1);
          case '{' -> braces(atom);
          default -> atom;
        };
    if (node != atom) {
      accept('?'); // Lazy or greedy, the same texts match.
      if (at < source.length && "*+?{".indexOf(source[at]) >= 0) {
        throw fault("a repetition of a repetition");
      }
    }
    return node;
  }

  private Node counted(Node atom, int min, int max) {
    at++;
    return Node.repeat(atom, min, max);
  }

  private Node braces(Node atom) {
    at++;
    int min = count();
    int max = min;
    if (accept(',')) {
      max = at < source.length && source[at] == '}' ? Node.UNBOUNDED : count();
    }
    if (!accept('}') || min > max) {
      throw fault("braces that are not {n}, {n,} or {n,m}");
    }
    return Node.repeat(atom, min, max);
  }

  private int count() {
    int value = 0;
    int first = at;
    while (at < source.length && DIGITS.has(source[at])) {
      value = Math.min(REPEAT_MAX + 1, 10 * value + source[at++] - '0');
    }
    if (at == first || value > REPEAT_MAX) {
      throw fault("a repetition that is not a number up to " + REPEAT_MAX);
    }
    return value;
  }

  private Node atom() {
    int character = source[at++];
    return switch (character) {
      case '(' -> group();
      case '[' -> one.apply(nonEmpty(brackets()));
      case '.' -> one.apply(NOT_NEWLINE);
      case '\\' -> one.apply(escape());
      case '^', '$' -> throw fault("an anchor inside");
      case '*', '+', '?', '{' -> throw fault("a repetition of nothing");
      default -> one.apply(CharacterSet.of(character));
    };
  }

  private Node group() {
    if (accept('?') && !accept(':')) {
      throw fault("look-around or a named group");
    }
    Node inner = alternatives();
    if (!accept(')')) {
      throw fault("an unclosed (");
    }
    return inner;
  }

  private CharacterSet brackets() {
    boolean negated = accept('^');
    CharacterSet set = new CharacterSet(List.of());
    while (!accept(']')) {
      CharacterSet item = bracketItem();
      if (at + 1 < source.length && source[at] == '-' && source[at + 1] != ']') {
        at++;
        int from = single(item);
        int to = single(bracketItem());
        if (from > to) {
          throw fault("a range that runs backwards");
        }
        item = CharacterSet.of(from, to);
      }
      set = set.or(item);
    }
    return negated ? set.complement() : set;
  }

  private CharacterSet bracketItem() {
    if (at == source.length) {
      throw fault("an unclosed [");
    }
    int character = source[at++];
    return character == '\\' ? escape() : CharacterSet.of(character);
  }

  private int single(CharacterSet set) {
    if (set.ranges().size() != 1
        || set.ranges().getFirst().first() != set.ranges().getFirst().last()) {
      throw fault("a range between sets");
    }
    return set.ranges().getFirst().first();
  }

  private CharacterSet nonEmpty(CharacterSet set) {
    if (set.isEmpty()) {
      throw fault("an empty set");
    }
    return set;
  }

  private CharacterSet escape() {
    if (at == source.length) {
      throw fault("a backslash at its end");
    }
    int character = source[at++];
    return switch (character) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> SPACE;
      case 'S' -> SPACE.complement();
      case 'n' -> CharacterSet.of('\n');
      case 'r' -> CharacterSet.of('\r');
      case 't' -> CharacterSet.of('\t');
      default -> {
        if (WORD.has(character) || character > 0x7F) {
          throw fault("the escape \\" + Character.toString(character));
        }
        yield CharacterSet.of(character);
      }
    };
  }

  private boolean accept(int character) {
    boolean found = at < source.length && source[at] == character;
    at += found ? 1 : 0;
    return found;
  }

  private RuntimeException fault(String what) {
    return SchemaFault.of(
        "the pattern %s has %s, which this server cannot keep to".formatted(Quoted.of(text), what));
  }
}

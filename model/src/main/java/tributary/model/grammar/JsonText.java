package tributary.model.grammar;

import java.util.ArrayList;
import java.util.List;

/** The pieces that all JSON is made of. White space and numbers are of bounded length. */
final class JsonText {
  /** How deep values nest that no schema describes. */
  private static final int DEPTH_MAX = 12;

  private static final int INDENT_MAX = 24;
  private static final int DIGITS_MAX = 15;
  private static final CharacterSet CONTROLS = CharacterSet.of(0, 0x1F);
  private static final CharacterSet QUOTES =
      CharacterSet.of('"').or(CharacterSet.of('\\')).or(CONTROLS);

  /** Characters that stand for themselves in a string. */
  static final CharacterSet PLAIN = QUOTES.complement();

  private static final ByteSet DIGIT = ByteSet.range('0', '9');
  private static final ByteSet HEX = DIGIT.or(ByteSet.range('a', 'f')).or(ByteSet.range('A', 'F'));

  /** A line break with an indent, or a few spaces, or nothing. */
  final Node space =
      Node.sequence(Node.optional(Node.text("\n")), Node.repeat(Node.text(" "), 0, INDENT_MAX));

  final Node character = Node.choice(PLAIN.utf8(), escape());
  final Node string = quoted(Node.repeat(character, 0, Node.UNBOUNDED));
  final Node digits = Node.repeat(Node.bytes(DIGIT), 0, DIGITS_MAX - 1);

  final Node fraction =
      Node.sequence(Node.text("."), Node.repeat(Node.bytes(DIGIT), 1, DIGITS_MAX));

  final Node integer = Node.sequence(Node.optional(Node.text("-")), magnitude());

  final Node number = Node.sequence(integer, Node.optional(fraction), Node.optional(exponent()));

  final Node bool = Node.choice(Node.text("true"), Node.text("false"));
  final Node nothing = Node.text("null");

  /** An object of any content. */
  final Node object;

  final Node array;
  final Node value;

  JsonText() {
    Node scalar = Node.choice(string, number, bool, nothing);
    Node deepest = scalar;
    Node someObject = object(string, deepest);
    Node someArray = array(deepest, 0, Node.UNBOUNDED);
    for (int depth = 1; depth < DEPTH_MAX; depth++) {
      Node inner = Node.choice(scalar, someObject, someArray);
      someObject = object(string, inner);
      someArray = array(inner, 0, Node.UNBOUNDED);
    }
    object = someObject;
    array = someArray;
    value = Node.choice(scalar, someObject, someArray);
  }

  Node quoted(Node content) {
    return Node.sequence(Node.text("\""), content, Node.text("\""));
  }

  /** An object of any number of members that look alike. */
  Node object(Node key, Node member) {
    Node entry = Node.sequence(key, Node.text(":"), space, member);
    return Node.sequence(
        Node.text("{"),
        Node.choice(
            Node.sequence(space, Node.text("}")),
            Node.sequence(
                space,
                entry,
                Node.repeat(Node.sequence(comma(), entry), 0, Node.UNBOUNDED),
                space,
                Node.text("}"))));
  }

  Node array(Node item, int min, int max) {
    return array(List.of(), item, min, max);
  }

  /**
   * An array.
   *
   * @param first items that come first, all of them
   * @param min items after those, at least
   */
  Node array(List<Node> first, Node item, int min, int max) {
    var parts = new ArrayList<Node>();
    for (Node each : first) {
      parts.add(parts.isEmpty() ? each : Node.sequence(comma(), each));
    }
    if (!first.isEmpty()) {
      parts.add(Node.repeat(Node.sequence(comma(), item), min, max));
    } else if (max > 0) {
      int more = max == Node.UNBOUNDED ? max : max - 1;
      Node some =
          Node.sequence(
              item, Node.repeat(Node.sequence(comma(), item), Math.max(0, min - 1), more));
      parts.add(min == 0 ? Node.optional(some) : some);
    }
    return Node.sequence(Node.text("["), space, Node.sequence(parts), space, Node.text("]"));
  }

  Node comma() {
    return Node.sequence(Node.text(","), space);
  }

  /** One character of a set as it stands in a JSON string. */
  Node inString(CharacterSet set) {
    var options = new ArrayList<Node>();
    CharacterSet plain = set.and(PLAIN);
    if (!plain.isEmpty()) {
      options.add(plain.utf8());
    }
    for (CharacterSet.Range range : set.and(QUOTES).ranges()) {
      for (int each = range.first(); each <= range.last(); each++) {
        options.add(Node.text(escaped(each)));
      }
    }
    return Node.choice(options);
  }

  private static String escaped(int character) {
    return switch (character) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> "\\u%04x".formatted(character);
    };
  }

  /** An escape; never half of a surrogate pair, for the other half might not follow. */
  private static Node escape() {
    ByteSet simple = ByteSet.NONE;
    for (char each : "\"\\/bfnrt".toCharArray()) {
      simple = simple.or(ByteSet.of(each));
    }
    Node hex = Node.bytes(HEX);
    ByteSet low = ByteSet.range('0', '7');
    ByteSet notD =
        DIGIT
            .or(ByteSet.range('a', 'c'))
            .or(ByteSet.range('e', 'f'))
            .or(ByteSet.range('A', 'C'))
            .or(ByteSet.range('E', 'F'));
    ByteSet d = ByteSet.of('d').or(ByteSet.of('D'));
    Node first =
        Node.choice(
            Node.sequence(Node.bytes(notD), hex), Node.sequence(Node.bytes(d), Node.bytes(low)));
    return Node.sequence(
        Node.text("\\"),
        Node.choice(Node.bytes(simple), Node.sequence(Node.text("u"), first, hex, hex)));
  }

  private Node magnitude() {
    return Node.choice(Node.text("0"), Node.sequence(Node.bytes(ByteSet.range('1', '9')), digits));
  }

  private static Node exponent() {
    ByteSet e = ByteSet.of('e').or(ByteSet.of('E'));
    ByteSet sign = ByteSet.of('+').or(ByteSet.of('-'));
    return Node.sequence(
        Node.bytes(e), Node.optional(Node.bytes(sign)), Node.repeat(Node.bytes(DIGIT), 1, 2));
  }
}

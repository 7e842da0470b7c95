package tributary.model.grammar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decimal numbers between two whole bounds.
 *
 * @param low at least this, or more than this when {@code lowOpen}
 */
record NumberRange(long low, boolean lowOpen, long high, boolean highOpen) {
  /** Beyond this, doubles skip whole numbers. */
  static final long MAGNITUDE_MAX = 999_999_999_999_999L;

  private static final int FRACTION_MAX = 15;
  private static final ByteSet DIGIT = ByteSet.range('0', '9');

  /** Whole numbers, or null when there is none in the range. */
  @Nullable Node integers() {
    long least = lowOpen ? low + 1 : low;
    long most = highOpen ? high - 1 : high;
    return signed(
        least > most ? null : positive(Math.max(0, least), most),
        least > most ? null : positive(Math.max(1, -most), -least));
  }

  /** Whole numbers and fractions, or null when there is none in the range. */
  @Nullable Node decimals() {
    if (low > high || (low == high && (lowOpen || highOpen))) {
      return null;
    }
    Node above =
        low >= 0
            ? magnitudes(low, lowOpen, high, highOpen)
            : high < 0 ? null : magnitudes(0, false, high, highOpen);
    Node below =
        high <= 0
            ? magnitudes(-high, highOpen, -low, lowOpen)
            : low >= 0 ? null : magnitudes(0, false, -low, lowOpen);
    return signed(above, below);
  }

  private static @Nullable Node signed(@Nullable Node above, @Nullable Node below) {
    var options = new ArrayList<Node>();
    if (above != null) {
      options.add(above);
    }
    if (below != null) {
      options.add(Node.sequence(Node.text("-"), below));
    }
    return options.isEmpty() ? null : Node.choice(options);
  }

  /** Numbers of no sign: the whole part runs from one bound to below the other. */
  private static @Nullable Node magnitudes(
      long least, boolean leastOpen, long most, boolean mostOpen) {
    var options = new ArrayList<Node>();
    Node digit = Node.bytes(DIGIT);
    Node fraction = Node.sequence(Node.text("."), Node.repeat(digit, 1, FRACTION_MAX));
    Node above =
        Node.sequence(
            Node.text("."),
            Node.repeat(digit, 0, FRACTION_MAX - 1),
            Node.bytes(ByteSet.range('1', '9')));
    if (leastOpen && least < most) {
      options.add(Node.sequence(Node.text(Long.toString(least)), above));
    }
    Node whole = positive(leastOpen ? least + 1 : least, most - 1);
    if (whole != null) {
      options.add(Node.sequence(whole, Node.optional(fraction)));
    }
    if (!mostOpen && !(leastOpen && least == most)) {
      options.add(Node.text(Long.toString(most)));
    }
    return options.isEmpty() ? null : Node.choice(options);
  }

  private static @Nullable Node positive(long least, long most) {
    if (least > most) {
      return null;
    }
    var options = new ArrayList<Node>();
    long from = least;
    while (from <= most) {
      int length = Long.toString(from).length();
      long to = Math.min(most, lastOfLength(length));
      options.add(between(Long.toString(from), Long.toString(to), 0));
      from = to + 1;
    }
    return Node.choice(options);
  }

  private static long lastOfLength(int length) {
    long last = 9;
    for (int i = 1; i < length; i++) {
      last = 10 * last + 9;
    }
    return last;
  }

  /** Numbers of as many digits as both bounds have, from digit {@code at} on. */
  private static Node between(String low, String high, int at) {
    if (at == low.length()) {
      return Node.EMPTY;
    }
    char from = low.charAt(at);
    char to = high.charAt(at);
    if (from == to) {
      return Node.sequence(digits(from, to), between(low, high, at + 1));
    }
    int left = low.length() - at - 1;
    String nines = high.substring(0, at + 1) + "9".repeat(left);
    String zeros = low.substring(0, at + 1) + "0".repeat(left);
    var options = new ArrayList<Node>(List.of());
    options.add(Node.sequence(digits(from, from), between(low, nines, at + 1)));
    if (from + 1 < to) {
      options.add(
          Node.sequence(
              digits((char) (from + 1), (char) (to - 1)),
              Node.repeat(Node.bytes(DIGIT), left, left)));
    }
    options.add(Node.sequence(digits(to, to), between(zeros, high, at + 1)));
    return Node.choice(options);
  }

  private static Node digits(char from, char to) {
    return Node.bytes(ByteSet.range(from, to));
  }
}

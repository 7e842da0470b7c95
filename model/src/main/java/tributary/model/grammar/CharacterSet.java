package tributary.model.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A set of Unicode characters as sorted, disjoint ranges. Halves of surrogate pairs are in none.
 *
 * @param ranges each {first, last}
 */
record CharacterSet(List<Range> ranges) {
  private static final int LAST = Character.MAX_CODE_POINT;

  /** Characters from {@code first} to {@code last}, both within. */
  record Range(int first, int last) {}

  static final CharacterSet ALL = of(0, LAST);

  CharacterSet {
    ranges = List.copyOf(ranges);
  }

  static CharacterSet of(int first, int last) {
    return new CharacterSet(List.of(new Range(first, last))).without(surrogates());
  }

  static CharacterSet of(int character) {
    return of(character, character);
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  boolean has(int character) {
    return ranges.stream().anyMatch(it -> it.first <= character && character <= it.last);
  }

  CharacterSet and(CharacterSet other) {
    return without(other.complement());
  }

  CharacterSet or(CharacterSet other) {
    return complement().without(other).complement();
  }

  CharacterSet complement() {
    return ALL.without(this);
  }

  CharacterSet without(CharacterSet other) {
    List<Range> left = ranges;
    for (Range cut : other.ranges) {
      var next = new ArrayList<Range>();
      for (Range range : left) {
        if (cut.last < range.first || cut.first > range.last) {
          next.add(range);
          continue;
        }
        if (range.first < cut.first) {
          next.add(new Range(range.first, cut.first - 1));
        }
        if (range.last > cut.last) {
          next.add(new Range(cut.last + 1, range.last));
        }
      }
      left = next;
    }
    return new CharacterSet(left);
  }

  /** One character of the set, in UTF-8. */
  Node utf8() {
    var options = new ArrayList<Node>();
    ByteSet single = ByteSet.NONE;
    for (Range range : ranges) {
      if (range.first < 0x80) {
        single = single.or(ByteSet.range(range.first, Math.min(range.last, 0x7F)));
      }
      addLonger(range, options);
    }
    if (!single.equals(ByteSet.NONE)) {
      options.addFirst(Node.bytes(single));
    }
    return Node.choice(options);
  }

  private static CharacterSet surrogates() {
    return new CharacterSet(List.of(new Range(Character.MIN_SURROGATE, Character.MAX_SURROGATE)));
  }

  /** Cuts a range at the lengths of UTF-8, then where leading bytes change. */
  private static void addLonger(Range range, List<Node> options) {
    int[] firsts = {0x80, 0x800, 0x10000};
    int[] lasts = {0x7FF, 0xFFFF, LAST};
    for (int i = 0; i < firsts.length; i++) {
      int first = Math.max(range.first, firsts[i]);
      int last = Math.min(range.last, lasts[i]);
      if (first <= last) {
        options.add(tail(encoded(first), encoded(last), 0));
      }
    }
  }

  private static byte[] encoded(int character) {
    return Character.toString(character).getBytes(StandardCharsets.UTF_8);
  }

  /** Byte strings of one length from {@code low} to {@code high}, from byte {@code at} on. */
  private static Node tail(byte[] low, byte[] high, int at) {
    if (at == low.length) {
      return Node.EMPTY;
    }
    int from = Byte.toUnsignedInt(low[at]);
    int to = Byte.toUnsignedInt(high[at]);
    if (from == to) {
      return Node.sequence(Node.bytes(ByteSet.of(from)), tail(low, high, at + 1));
    }
    var options = new ArrayList<Node>();
    byte[] lowest = filled(low, at, 0x80);
    byte[] highest = filled(high, at, 0xBF);
    options.add(Node.sequence(Node.bytes(ByteSet.of(from)), tail(low, highest, at + 1)));
    if (from + 1 < to) {
      options.add(
          Node.sequence(
              Node.bytes(ByteSet.range(from + 1, to - 1)), tail(lowest, highest, at + 1)));
    }
    options.add(Node.sequence(Node.bytes(ByteSet.of(to)), tail(lowest, high, at + 1)));
    return Node.choice(options);
  }

  private static byte[] filled(byte[] bytes, int after, int value) {
    byte[] copy = bytes.clone();
    for (int i = after + 1; i < copy.length; i++) {
      copy[i] = (byte) value;
    }
    return copy;
  }
}

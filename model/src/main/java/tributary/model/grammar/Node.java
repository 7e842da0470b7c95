package tributary.model.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A piece of a grammar over bytes. Compared by identity: a graph may lead back to itself. */
sealed interface Node {
  int UNBOUNDED = Integer.MAX_VALUE;

  Node EMPTY = new Sequence(List.of());

  /** One byte out of a set. */
  final class Any implements Node {
    final ByteSet bytes;

    Any(ByteSet bytes) {
      this.bytes = bytes;
    }
  }

  /** One piece after the other. */
  final class Sequence implements Node {
    final List<Node> parts;

    Sequence(List<Node> parts) {
      this.parts = List.copyOf(parts);
    }
  }

  /** One of several pieces; without any, nothing matches. */
  final class Choice implements Node {
    final List<Node> options;

    Choice(List<Node> options) {
      this.options = List.copyOf(options);
    }
  }

  /** A piece several times; {@link #UNBOUNDED} is no upper limit. */
  final class Repeat implements Node {
    final Node body;
    final int min;
    final int max;

    Repeat(Node body, int min, int max) {
      this.body = body;
      this.min = min;
      this.max = max;
    }
  }

  /** A piece that is given later, so that it can hold itself. */
  final class Rule implements Node {
    private @Nullable Node body;

    void is(Node given) {
      body = given;
    }

    Node body() {
      if (body == null) {
        throw new AssertionError("a rule was used before it was given");
      }
      return body;
    }
  }

  static Node bytes(ByteSet set) {
    return new Any(set);
  }

  static Node text(String literal) {
    var parts = new ArrayList<Node>();
    for (byte each : literal.getBytes(StandardCharsets.UTF_8)) {
      parts.add(new Any(ByteSet.of(Byte.toUnsignedInt(each))));
    }
    return sequence(parts);
  }

  static Node sequence(Node... parts) {
    return sequence(List.of(parts));
  }

  static Node sequence(List<Node> parts) {
    return parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
  }

  static Node choice(Node... options) {
    return choice(List.of(options));
  }

  static Node choice(List<Node> options) {
    return options.size() == 1 ? options.getFirst() : new Choice(options);
  }

  static Node repeat(Node body, int min, int max) {
    return new Repeat(body, min, max);
  }

  static Node optional(Node body) {
    return new Choice(List.of(body, EMPTY));
  }
}

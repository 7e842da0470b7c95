package tributary.model.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Whether a grammar matches a text at all, wherever it is entered: a piece that matches nothing
 * would be a road that a sequence can take and not end.
 */
final class Productive {
  private Productive() {}

  static boolean is(Node grammar) {
    List<Node> nodes = reachable(grammar);
    Set<Node> good = Collections.newSetFromMap(new IdentityHashMap<>());
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Node node : nodes) {
        if (!good.contains(node) && isGood(node, good)) {
          good.add(node);
          grew = true;
        }
      }
    }
    return good.size() == nodes.size();
  }

  private static boolean isGood(Node node, Set<Node> good) {
    return switch (node) {
      case Node.Any any -> !any.bytes.equals(ByteSet.NONE);
      case Node.Sequence sequence -> good.containsAll(sequence.parts);
      case Node.Choice choice -> choice.options.stream().anyMatch(good::contains);
      case Node.Repeat repeat -> repeat.min == 0 || good.contains(repeat.body);
      case Node.Rule rule -> good.contains(rule.body());
    };
  }

  /** Innermost first, mostly, so that few rounds are needed. */
  private static List<Node> reachable(Node grammar) {
    Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    var order = new ArrayList<Node>();
    var open = new ArrayDeque<Node>();
    open.push(grammar);
    while (!open.isEmpty()) {
      Node node = open.pop();
      if (seen.add(node)) {
        order.add(node);
        switch (node) {
          case Node.Any _ -> {}
          case Node.Sequence sequence -> sequence.parts.forEach(open::push);
          case Node.Choice choice -> choice.options.forEach(open::push);
          case Node.Repeat repeat -> open.push(repeat.body);
          case Node.Rule rule -> open.push(rule.body());
        }
      }
    }
    return order.reversed();
  }
}

package tributary.model.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads bytes against a grammar: a pushdown automaton whose states, each a set of stacks, are made
 * when they are first reached and kept up to a number. Not thread-safe.
 */
final class Automaton {
  private static final int STATES_MAX = 4096;

  /** Ways to read one text at once; a grammar that needs more is too ambiguous to serve. */
  private static final int STACKS_MAX = 512;

  /** Pieces opened to find the tokens that may follow one state; more would hold up others. */
  private static final int WORK_MAX = 10_000_000;

  /** What is still to be read: a piece from a place in it on, then the rest. Interned. */
  private static final class Stack {
    final Node node;
    final int at;
    final @Nullable Stack rest;
    final int number;

    Stack(Node node, int at, @Nullable Stack rest, int number) {
      this.node = node;
      this.at = at;
      this.rest = rest;
      this.number = number;
    }
  }

  private record Key(int node, int at, int rest) {}

  private record Numbers(List<Integer> sorted, boolean accepts) {}

  /** Where reading has come to. */
  final class State {
    private final List<Stack> stacks;
    private final boolean accepts;
    private final State[] next = new State[256];
    private final int generation = Automaton.this.generation;

    private State(List<Stack> stacks, boolean accepts) {
      this.stacks = stacks;
      this.accepts = accepts;
    }

    /** Whether what was read may be all. */
    boolean accepts() {
      return accepts;
    }

    /** Whether nothing can follow, not even nothing. */
    boolean isDead() {
      return stacks.isEmpty() && !accepts;
    }

    /** The state after one more byte. */
    State after(int value) {
      State known = next[value];
      if (known == null || known.generation != generation) {
        known = advance(this, value);
        next[value] = known;
      }
      return known;
    }
  }

  private final Map<Key, Stack> interned = new HashMap<>();
  private final IdentityHashMap<Node, Integer> nodeNumbers = new IdentityHashMap<>();
  private final Map<Numbers, State> states = new HashMap<>();
  private final Node grammar;
  private State start;
  private int generation;
  private int work;

  Automaton(Node grammar) {
    this.grammar = grammar;
    this.start = first();
  }

  State start() {
    return start;
  }

  /** Begins to count the work anew. */
  void rest() {
    work = 0;
  }

  /**
   * Forgets all states when there are too many; true when it did. States made before must not be
   * used any more.
   */
  boolean forgetMany() {
    if (states.size() <= STATES_MAX) {
      return false;
    }
    generation++;
    states.clear();
    interned.clear();
    start = first();
    return true;
  }

  private State first() {
    return new Closure().of(List.of(stack(grammar, 0, null)));
  }

  private State advance(State from, int value) {
    var rests = new ArrayList<@Nullable Stack>();
    for (Stack stack : from.stacks) {
      if (((Node.Any) stack.node).bytes.has(value)) {
        rests.add(stack.rest);
      }
    }
    return new Closure().of(rests);
  }

  private Stack stack(Node node, int at, @Nullable Stack rest) {
    int number = nodeNumbers.computeIfAbsent(node, _ -> nodeNumbers.size());
    return interned.computeIfAbsent(
        new Key(number, at, rest == null ? -1 : rest.number),
        _ -> new Stack(node, at, rest, interned.size()));
  }

  /** Opens pieces until each stack has a byte on top. */
  private final class Closure {
    private final Set<Stack> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Stack> stacks = new ArrayList<>();
    private boolean accepts;

    State of(List<? extends @Nullable Stack> rests) {
      rests.forEach(this::open);
      int[] numbers = stacks.stream().mapToInt(stack -> stack.number).sorted().toArray();
      var key = new Numbers(Arrays.stream(numbers).boxed().toList(), accepts);
      return states.computeIfAbsent(key, _ -> new State(stacks, accepts));
    }

    private void open(@Nullable Stack stack) {
      if (stack == null) {
        accepts = true;
        return;
      }
      if (!seen.add(stack)) {
        return;
      }
      if (seen.size() > STACKS_MAX || ++work > WORK_MAX) {
        throw SchemaFault.of("the schema can be read in too many ways at once; make it simpler");
      }
      switch (stack.node) {
        case Node.Any _ -> stacks.add(stack);
        case Node.Sequence sequence -> part(sequence.parts, stack);
        case Node.Choice choice ->
            choice.options.forEach(option -> open(stack(option, 0, stack.rest)));
        case Node.Repeat repeat -> again(repeat, stack);
        case Node.Rule rule -> open(stack(rule.body(), 0, stack.rest));
      }
    }

    private void part(List<Node> parts, Stack stack) {
      int at = stack.at;
      if (at == parts.size()) {
        open(stack.rest);
        return;
      }
      // The last part leaves nothing of the sequence behind, so that lists do not pile up.
      Stack rest = at + 1 == parts.size() ? stack.rest : stack(stack.node, at + 1, stack.rest);
      open(stack(parts.get(at), 0, rest));
    }

    private void again(Node.Repeat repeat, Stack stack) {
      int times = stack.at;
      if (times >= repeat.min) {
        open(stack.rest);
      }
      if (times < repeat.max) {
        boolean counts = repeat.max != Node.UNBOUNDED || times < repeat.min;
        Stack rest = stack(repeat, counts ? times + 1 : times, stack.rest);
        open(stack(repeat.body, 0, rest));
      }
    }
  }
}

package tributary.model.grammar;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;

/** A form over the tokens of one vocabulary, with what was worked out of it so far. */
final class Grammar {
  /** Sets of allowed tokens that are kept; each is a bit a token. */
  private static final int MASKS_MAX = 256;

  private final Automaton automaton;
  private final TokenTrie trie;
  private final Map<Automaton.State, BitSet> masks =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Automaton.State, BitSet> eldest) {
          return size() > MASKS_MAX;
        }
      };
  private int generation;

  Grammar(Node node, TokenTrie trie) {
    this.automaton = new Automaton(node);
    this.trie = trie;
  }

  /** Makes room for more states; true when states from before must not be used any more. */
  boolean forgetMany() {
    boolean forgot = automaton.forgetMany();
    if (forgot) {
      masks.clear();
      generation++;
    }
    return forgot;
  }

  int generation() {
    return generation;
  }

  Automaton.State start() {
    return automaton.start();
  }

  /** Not to be changed. */
  BitSet allowed(Automaton.State state) {
    BitSet known = masks.get(state);
    if (known == null) {
      automaton.rest();
      known = trie.allowed(state);
      masks.put(state, known);
    }
    return known;
  }
}

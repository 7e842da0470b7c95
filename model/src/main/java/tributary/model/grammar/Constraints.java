package tributary.model.grammar;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tributary.protocol.GenerationRequest;
import tributary.protocol.OutputForm;
import tributary.protocol.RequestId;

/**
 * Which tokens of one vocabulary may come next in outputs that must have a form. Thread-safe: a
 * front end lets forms be made ready before a device asks for their tokens.
 */
public final class Constraints {
  private static final int GRAMMARS_MAX = 32;
  private static final int SEQUENCES_MAX = 4096;

  /** How far an output was read. */
  private static final class Reading {
    final Grammar grammar;
    final int generation;
    Automaton.State state;
    int tokens;

    Reading(Grammar grammar) {
      this.grammar = grammar;
      this.generation = grammar.generation();
      this.state = grammar.start();
    }
  }

  private final int tokens;
  private final IntFunction<byte[]> bytes;
  private @Nullable TokenTrie trie;
  private final Map<OutputForm, Grammar> grammars = bounded(GRAMMARS_MAX);
  private final Map<RequestId, Reading> readings = bounded(SEQUENCES_MAX);

  /**
   * Constraints over a vocabulary.
   *
   * @param tokens ids are below this
   * @param bytes that a token adds to the text; none for those that are not text
   */
  public Constraints(int tokens, IntFunction<byte[]> bytes) {
    this.tokens = tokens;
    this.bytes = bytes;
  }

  /**
   * Makes a form ready; it may take long.
   *
   * @throws tributary.protocol.TributaryException {@code unsupported_schema}, naming what of the
   *     form cannot be kept to
   */
  public synchronized void prepare(OutputForm form) {
    if (!form.isFree()) {
      Grammar grammar = grammar(form);
      var _ = grammar.allowed(grammar.start());
    }
  }

  /**
   * The tokens that may follow, stop tokens among them where the output may end; null where every
   * token may. Never empty, but where the vocabulary lacks a character that the form needs.
   *
   * @param sequence prompt, then output
   * @param length how many of {@code sequence} are valid
   */
  public synchronized @Nullable BitSet allowed(
      GenerationRequest request, int[] sequence, int length) {
    if (request.form().isFree()) {
      return null;
    }
    Grammar grammar = grammar(request.form());
    grammar.forgetMany();
    Reading reading = readings.get(request.id());
    int output = length - request.prompt().count();
    if (reading == null
        || reading.grammar != grammar
        || reading.generation != grammar.generation()
        || reading.tokens > output) {
      reading = new Reading(grammar);
      readings.put(request.id(), reading);
    }
    while (reading.tokens < output) {
      reading.state = after(reading.state, sequence[request.prompt().count() + reading.tokens]);
      reading.tokens++;
    }
    return allowed(request, grammar, reading.state);
  }

  private BitSet allowed(GenerationRequest request, Grammar grammar, Automaton.State state) {
    BitSet texts = grammar.allowed(state);
    var allowed = (BitSet) texts.clone();
    for (int stop : request.stop().stopTokens()) {
      allowed.set(stop, state.accepts());
    }
    return allowed;
  }

  private Automaton.State after(Automaton.State state, int token) {
    Automaton.State next = state;
    for (byte each : bytes.apply(token)) {
      next = next.after(Byte.toUnsignedInt(each));
    }
    return next;
  }

  private Grammar grammar(OutputForm form) {
    Grammar known = grammars.get(form);
    if (known == null) {
      Node node = FormCompiler.compile(form);
      if (node == null) {
        throw new AssertionError("a free form has no grammar");
      }
      known = new Grammar(node, trie());
      grammars.put(form, known);
    }
    return known;
  }

  private TokenTrie trie() {
    if (trie == null) {
      trie = TokenTrie.of(tokens, bytes);
    }
    return trie;
  }

  private static <K, V> Map<K, V> bounded(int entriesMax) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > entriesMax;
      }
    };
  }
}

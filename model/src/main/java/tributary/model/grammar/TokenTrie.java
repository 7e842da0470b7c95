package tributary.model.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The tokens of a vocabulary by their bytes, as a tree in preorder: a node's children follow it,
 * and what starts with bytes that cannot be is skipped in one step. Immutable.
 */
final class TokenTrie {
  private final int tokens;
  private final byte[] labels;
  private final int[] depths;

  /** The node after a node's last descendant. */
  private final int[] ends;

  /** Node i's tokens are those from {@code starts[i]} to {@code starts[i + 1]}. */
  private final int[] starts;

  private final int[] ids;
  private final int deepest;

  private TokenTrie(int tokens, List<byte[]> sorted, List<Integer> sortedIds) {
    this.tokens = tokens;
    int nodes = 0;
    byte[] last = {};
    for (byte[] each : sorted) {
      nodes += each.length - common(last, each);
      last = each;
    }
    labels = new byte[nodes];
    depths = new int[nodes];
    ends = new int[nodes];
    starts = new int[nodes + 1];
    ids = sortedIds.stream().mapToInt(Integer::intValue).toArray();
    deepest = fill(sorted);
  }

  /**
   * @param bytes of each token below {@code tokens}; without bytes a token is never allowed
   */
  static TokenTrie of(int tokens, IntFunction<byte[]> bytes) {
    var order = new ArrayList<Integer>();
    var texts = new ArrayList<byte[]>(tokens);
    for (int id = 0; id < tokens; id++) {
      texts.add(bytes.apply(id));
      if (texts.get(id).length > 0) {
        order.add(id);
      }
    }
    order.sort((a, b) -> Arrays.compareUnsigned(texts.get(a), texts.get(b)));
    return new TokenTrie(tokens, order.stream().map(texts::get).toList(), order);
  }

  /** The tokens whose bytes can all be read from {@code state} on. */
  BitSet allowed(Automaton.State state) {
    var allowed = new BitSet(tokens);
    var path = new Automaton.State[deepest + 1];
    path[0] = state;
    int node = 0;
    while (node < labels.length) {
      int depth = depths[node];
      Automaton.State next = path[depth - 1].after(Byte.toUnsignedInt(labels[node]));
      if (next.isDead()) {
        node = ends[node];
        continue;
      }
      path[depth] = next;
      for (int i = starts[node]; i < starts[node + 1]; i++) {
        allowed.set(ids[i]);
      }
      node++;
    }
    return allowed;
  }

  private int fill(List<byte[]> sorted) {
    int deepestSoFar = 0;
    int node = 0;
    int token = 0;
    byte[] last = {};
    int[] open = new int[1 + sorted.stream().mapToInt(each -> each.length).max().orElse(0)];
    for (byte[] each : sorted) {
      int shared = common(last, each);
      close(open, shared, last.length, node);
      for (int depth = shared + 1; depth <= each.length; depth++) {
        labels[node] = each[depth - 1];
        depths[node] = depth;
        open[depth] = node;
        starts[node] = token;
        node++;
      }
      token++;
      starts[node] = token;
      deepestSoFar = Math.max(deepestSoFar, each.length);
      last = each;
    }
    close(open, 0, last.length, node);
    return deepestSoFar;
  }

  private void close(int[] open, int above, int depth, int end) {
    for (int i = above + 1; i <= depth; i++) {
      ends[open[i]] = end;
    }
  }

  private static int common(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }
}

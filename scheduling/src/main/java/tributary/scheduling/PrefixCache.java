package tributary.scheduling;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;

/**
 * KV pages that several sequences may read: each full page of tokens that one has computed, under
 * the weights that computed it and all tokens before it. Found by hash, and taken only where every
 * token is the same.
 */
final class PrefixCache {
  // Whoever uses a block uses all blocks before it, and lets go of the last first. So among those
  // that nobody uses, in the order in which they became so, a block comes behind all that continue
  // it; the first of them continues nowhere and can be forgotten alone.

  /**
   * What KV depends on beside the tokens.
   *
   * @param loading the very weights; see {@link Arrival#loading}
   * @param width the precision at which they were computed with
   */
  record Weights(DeltaId delta, long loading, int width) {}

  /** The tokens of one page. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content below, and never changed.
  private record Tokens(int[] ids) {
    static Tokens of(int[] tokens, int block, int pageTokens) {
      return new Tokens(Arrays.copyOfRange(tokens, block * pageTokens, (block + 1) * pageTokens));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Tokens(var others) && Arrays.equals(ids, others);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(ids);
    }
  }

  /** One page and what came before it; a root has no page. */
  static final class Block {
    private final @Nullable Block before;
    private final @Nullable Tokens tokens;
    private final int page;
    private final Map<Tokens, Block> after = new HashMap<>();
    private int users;

    private Block(@Nullable Block before, @Nullable Tokens tokens, int page) {
      this.before = before;
      this.tokens = tokens;
      this.page = page;
    }

    int page() {
      return page;
    }

    int users() {
      return users;
    }
  }

  private final int pageTokens;
  private final Map<Weights, Block> roots = new HashMap<>();
  private final LinkedHashSet<Block> idle = new LinkedHashSet<>();
  private long hits;

  PrefixCache(int pageTokens) {
    this.pageTokens = pageTokens;
  }

  /** Pages that are kept and that nobody uses. */
  int idleCount() {
    return idle.size();
  }

  /** Tokens so far that did not have to be computed because their KV was here. */
  long hits() {
    return hits;
  }

  void countHit(int tokens) {
    hits += tokens;
  }

  /** The longest chain of blocks that starts like {@code tokens}, of at most {@code length}. */
  List<Block> find(Weights weights, int[] tokens, int length) {
    var chain = new ArrayList<Block>();
    Block block = roots.get(weights);
    for (int i = 0; block != null && (i + 1) * pageTokens <= length; i++) {
      block = block.after.get(Tokens.of(tokens, i, pageTokens));
      if (block != null) {
        chain.add(block);
      }
    }
    return chain;
  }

  void use(List<Block> chain) {
    for (Block block : chain) {
      if (block.users++ == 0) {
        idle.remove(block);
      }
    }
  }

  /** Lets go of a chain that was used. */
  void release(List<Block> chain) {
    for (int i = chain.size() - 1; i >= 0; i--) {
      Block block = chain.get(i);
      if (--block.users == 0) {
        idle.addLast(block);
      }
    }
  }

  /**
   * Takes over the page of the block that follows a used chain; null when there is such a block
   * already, with a page of its own.
   */
  @Nullable Block add(Weights weights, List<Block> chain, int[] tokens, int page) {
    Block before =
        chain.isEmpty()
            ? roots.computeIfAbsent(weights, _ -> new Block(null, null, -1))
            : chain.getLast();
    Tokens content = Tokens.of(tokens, chain.size(), pageTokens);
    if (before.after.containsKey(content)) {
      return null;
    }
    var block = new Block(before, content, page);
    block.users = 1;
    before.after.put(content, block);
    return block;
  }

  /** Forgets what has not been used for longest; its page is the caller's. */
  int forgetOldest() {
    Block block = idle.removeFirst();
    unlink(block);
    return block.page;
  }

  /** Forgets what nobody uses of a loading; the pages are the caller's. */
  int[] forget(DeltaId delta, long loading) {
    var pages = new ArrayList<Integer>();
    for (var root : List.copyOf(roots.entrySet())) {
      if (root.getKey().delta().equals(delta) && root.getKey().loading() == loading) {
        collectIdle(root.getValue(), pages);
        if (root.getValue().after.isEmpty()) {
          roots.remove(root.getKey());
        }
      }
    }
    return pages.stream().mapToInt(Integer::intValue).toArray();
  }

  private void collectIdle(Block root, List<Integer> pages) {
    var subtree = new ArrayList<Block>();
    var queue = new ArrayDeque<>(root.after.values());
    while (!queue.isEmpty()) {
      Block block = queue.removeFirst();
      subtree.add(block);
      queue.addAll(block.after.values());
    }
    for (Block block : subtree.reversed()) {
      if (idle.remove(block)) {
        unlink(block);
        pages.add(block.page);
      }
    }
  }

  private void unlink(Block block) {
    Block before = block.before;
    if (before == null || !block.after.isEmpty() || before.after.remove(block.tokens) != block) {
      throw new AssertionError("a prefix block is forgotten that others continue");
    }
    if (before.before == null && before.after.isEmpty()) {
      roots.values().remove(before);
    }
  }
}

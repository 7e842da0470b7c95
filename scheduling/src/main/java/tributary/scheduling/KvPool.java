package tributary.scheduling;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The KV pages of a device: free, held by one sequence, or kept because others may read them. */
final class KvPool {
  private final int pageTokens;
  private final boolean keepsPrefixes;
  private final PageAllocator pages;
  private final PrefixCache prefixes;
  private long prefixSequences;

  KvPool(SchedulerLimits limits, SchedulerRules.Prefixes kept) {
    pageTokens = limits.pageTokens();
    pages = new PageAllocator(limits.kvPages());
    prefixes = new PrefixCache(pageTokens);
    keepsPrefixes =
        switch (kept) {
          case KEPT -> true;
          case FORGOTTEN -> false;
        };
  }

  /** Pages that can be had now, if need be by forgetting prefixes. */
  int availableCount() {
    return pages.freeCount() + prefixes.idleCount();
  }

  /** Pages that sequences hold. */
  int usedCount() {
    return pages.usedCount() - prefixes.idleCount();
  }

  int keptCount() {
    return prefixes.idleCount();
  }

  long prefixTokens() {
    return prefixes.hits();
  }

  /** Sequences so far that began with KV that was there already. */
  long prefixSequences() {
    return prefixSequences;
  }

  long reusedCount() {
    return pages.reusedCount();
  }

  /**
   * What is there of a sequence's KV, now in use for it; must be followed by {@link #begin} or
   * {@link #letGo}. At least one token is left to compute.
   */
  List<PrefixCache.Block> find(Sequence sequence, PrefixCache.Weights weights) {
    if (!keepsPrefixes || !sequence.takesPrefixes()) {
      return List.of();
    }
    var chain = prefixes.find(weights, sequence.tokens(), sequence.known() - 1);
    prefixes.use(chain);
    return chain;
  }

  void letGo(List<PrefixCache.Block> chain) {
    prefixes.release(chain);
  }

  /** Gives a sequence pages for its first {@code count}, of which {@code chain} is there. */
  void begin(
      Sequence sequence, PrefixCache.Weights weights, List<PrefixCache.Block> chain, int count) {
    int[] table = chain.stream().mapToInt(PrefixCache.Block::page).toArray();
    sequence.begin(keepsPrefixes ? weights : null, chain, pageTokens);
    prefixes.countHit(chain.size() * pageTokens);
    prefixSequences += chain.isEmpty() ? 0 : 1;
    sequence.hold(extended(table, count - table.length));
  }

  void extend(Sequence sequence, int count) {
    sequence.hold(extended(sequence.pages(), count));
  }

  /**
   * Lets others read what a sequence has computed so far.
   *
   * @param weights that it is computed with now
   */
  void share(Sequence sequence, PrefixCache.Weights weights) {
    PrefixCache.@Nullable Weights begunWith = sequence.weights();
    if (begunWith == null) {
      return;
    }
    if (!begunWith.equals(weights)) {
      sequence.stopSharing();
      return;
    }
    while (sequence.hasFullPage(pageTokens)) {
      int page = sequence.pages()[sequence.shared().size()];
      var block = prefixes.add(weights, sequence.shared(), sequence.tokens(), page);
      if (block == null) {
        sequence.stopSharing();
        return;
      }
      sequence.shared().add(block);
    }
  }

  void release(Sequence sequence) {
    prefixes.release(sequence.shared());
    pages.release(sequence.pages(), sequence.shared().size());
    sequence.surrenderPages();
  }

  /** Pages that could be had if these sequences lost theirs. */
  int gain(Iterable<Sequence> losers) {
    int gain = 0;
    Map<PrefixCache.Block, Integer> users = new HashMap<>();
    for (Sequence loser : losers) {
      gain += loser.pages().length - loser.shared().size();
      for (PrefixCache.Block block : loser.shared()) {
        if (users.merge(block, 1, Integer::sum) == block.users()) {
          gain++;
        }
      }
    }
    return gain;
  }

  void forget(PrefixCache.Weights weights) {
    pages.release(prefixes.forget(weights.delta(), weights.loading()));
  }

  /** Forgets all prefixes that nobody uses. */
  void forgetAll() {
    while (prefixes.idleCount() > 0) {
      pages.release(prefixes.forgetOldest());
    }
  }

  private int[] extended(int[] table, int count) {
    while (pages.freeCount() < count && prefixes.idleCount() > 0) {
      pages.release(prefixes.forgetOldest());
    }
    return count == 0 ? Arrays.copyOf(table, table.length) : pages.extend(table, count);
  }
}

package tributary.scheduling;

import java.util.Arrays;
import java.util.BitSet;

/** The free list of KV pages. A page has one holder at most; the ids are 0 to {@code pages - 1}. */
final class PageAllocator {
  private final int[] free;
  private final BitSet held;
  private final BitSet everHeld;
  private int freeCount;
  private long reused;

  PageAllocator(int pages) {
    free = new int[pages];
    held = new BitSet(pages);
    everHeld = new BitSet(pages);
    freeCount = pages;
    for (int i = 0; i < pages; i++) {
      free[i] = pages - 1 - i; // The lowest id is handed out first.
    }
  }

  int freeCount() {
    return freeCount;
  }

  int usedCount() {
    return free.length - freeCount;
  }

  /** How often so far a page was handed out that had had a holder before. */
  long reusedCount() {
    return reused;
  }

  /**
   * A new page table: {@code table} and {@code count} more pages. Tables are never changed in
   * place, because a plan that was handed out may still refer to one.
   */
  int[] extend(int[] table, int count) {
    if (count > freeCount) {
      throw new AssertionError("KV pages wanted " + count + ", free " + freeCount);
    }
    int[] extended = Arrays.copyOf(table, table.length + count);
    for (int i = table.length; i < extended.length; i++) {
      int page = free[--freeCount];
      held.set(page);
      reused += everHeld.get(page) ? 1 : 0;
      everHeld.set(page);
      extended[i] = page;
    }
    return extended;
  }

  void release(int[] table) {
    release(table, 0);
  }

  /** Releases the pages of a table from index {@code first} on. */
  void release(int[] table, int first) {
    for (int i = table.length - 1; i >= first; i--) {
      release(table[i]);
    }
  }

  void release(int page) {
    if (!held.get(page)) {
      throw new AssertionError("KV page " + page + " released by a sequence that holds it no more");
    }
    held.clear(page);
    free[freeCount++] = page;
  }
}

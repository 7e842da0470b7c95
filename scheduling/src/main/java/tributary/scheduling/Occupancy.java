package tributary.scheduling;

import java.util.LinkedHashSet;
import tributary.protocol.Nanos;

/** Who holds KV pages, who waits for them, and who gives them up when they run short. */
final class Occupancy {
  // A sequence is admitted when all its known tokens have pages, so only one that grows can find
  // the pool empty. It then takes the pages of the longest parked sequence, or else of the latest
  // admitted, be it itself. The earliest admitted is never robbed, and the pool holds any one
  // sequence whole: so the earliest reaches its end, and each of the others is the earliest at some
  // time. A robbed sequence keeps its tokens, returns to the front of the line and computes its KV
  // again.

  private final SchedulerLimits limits;
  private final PageAllocator pool;
  private final WaitingQueue waiting = new WaitingQueue();
  private final RunningList running = new RunningList();

  /** Parked sequences that still hold pages, the longest parked first. */
  private final LinkedHashSet<Sequence> parked = new LinkedHashSet<>();

  private long admissions;
  private long preemptions;

  Occupancy(SchedulerLimits limits) {
    this.limits = limits;
    pool = new PageAllocator(limits.kvPages());
  }

  WaitingQueue waiting() {
    return waiting;
  }

  /** May grow shorter, from its end, whenever a sequence grows. */
  RunningList running() {
    return running;
  }

  int holders() {
    return running.size() + parked.size();
  }

  int pagesUsed() {
    return pool.usedCount();
  }

  long preemptions() {
    return preemptions;
  }

  /** Puts a sequence that may run, again or for the first time, where it belongs. */
  void enter(Sequence sequence, Nanos now) {
    if (parked.remove(sequence)) {
      sequence.become(Sequence.State.RUNNING);
      running.add(sequence);
    } else {
      sequence.become(Sequence.State.WAITING);
      waiting.add(sequence, now);
    }
  }

  /** Parks a running sequence; its pages stay until someone needs them. */
  void park(Sequence sequence, Nanos now) {
    running.remove(sequence);
    sequence.park(now);
    parked.add(sequence);
  }

  /** Takes a sequence off every list; its pages, if any, are still its own. */
  void remove(Sequence sequence) {
    switch (sequence.state()) {
      case WAITING -> waiting.remove(sequence);
      case RUNNING -> running.remove(sequence);
      case PARKED -> parked.remove(sequence);
      case ENDED -> throw new AssertionError("request " + sequence.id() + " has ended before");
    }
  }

  void releasePages(Sequence sequence) {
    pool.release(sequence.surrenderPages());
  }

  /**
   * Lets the first in line in if it has a place among the running and pages for all its known
   * tokens; and if each running sequence has a page left to grow by, because whoever is let into
   * the last pages is soon robbed of them. Robs parked sequences, and only when that is enough.
   */
  boolean admitFirst(Nanos now) {
    if (waiting.isEmpty() || running.size() == limits.runningMax()) {
      return false;
    }
    int needed = limits.pagesFor(waiting.first().known());
    int wanted = needed + running.size();
    if (pool.freeCount() < wanted && pool.freeCount() + parkedPages() < wanted) {
      return false;
    }
    while (pool.freeCount() < wanted || holders() == limits.runningMax()) {
      preempt(parked.getFirst(), now);
    }
    Sequence sequence = waiting.removeFirst(now);
    sequence.hold(pool.extend(sequence.pages(), needed));
    sequence.admit(++admissions);
    running.add(sequence);
    return true;
  }

  /** Gives a running sequence the page that it lacks, if any; false if it lost its own instead. */
  boolean grow(Sequence sequence, Nanos now) {
    int lacking = limits.pagesFor(sequence.known()) - sequence.pages().length;
    while (pool.freeCount() < lacking) {
      Sequence victim = parked.isEmpty() ? running.latest() : parked.getFirst();
      preempt(victim, now);
      if (victim == sequence) {
        return false;
      }
    }
    if (lacking > 0) {
      sequence.hold(pool.extend(sequence.pages(), lacking));
    }
    return true;
  }

  private int parkedPages() {
    int pages = 0;
    for (Sequence sequence : parked) {
      pages += sequence.pages().length;
    }
    return pages;
  }

  private void preempt(Sequence victim, Nanos now) {
    remove(victim);
    releasePages(victim);
    preemptions++;
    if (victim.hasCredit()) {
      enter(victim, now);
    }
  }
}

package tributary.scheduling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** Who holds KV pages, who waits for them, and who gives them up when they run short. */
final class Occupancy implements Policy.Places {
  // A sequence is admitted when all its known tokens have pages, so only one that grows can find
  // the pool empty. It then takes the pages of the longest parked sequence, or else of the latest
  // admitted, be it itself. The earliest admitted is not robbed by those that grow, and the pool
  // holds any one sequence whole: so the earliest reaches its end, and each of the others is the
  // earliest at some time. A robbed sequence keeps its tokens and its ticket, and computes its KV
  // again, but for what was kept as a prefix. Those that yield by the policy are robbed only for
  // one that is let in at once; a policy lets nobody yield without another having moved on.

  private final SchedulerLimits limits;
  private final SchedulerRules rules;
  private final KvPool pool;
  private final Policy policy;
  private final WaitingQueue waiting;
  private final RunningList running = new RunningList();
  private final Map<Long, Integer> widths = new HashMap<>();

  /** Parked sequences that still hold pages, the longest parked first. */
  private final LinkedHashSet<Sequence> parked = new LinkedHashSet<>();

  private int deltas;
  private long admissions;
  private long preemptions;

  Occupancy(SchedulerLimits limits, SchedulerRules rules) {
    this.limits = limits;
    this.rules = rules;
    pool = new KvPool(limits, rules.prefixes());
    policy = Policy.of(rules.policy(), limits.tokensPerStep());
    waiting = new WaitingQueue(policy);
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

  KvPool pool() {
    return pool;
  }

  Policy policy() {
    return policy;
  }

  long preemptions() {
    return preemptions;
  }

  void width(long loading, int width) {
    widths.put(loading, width);
  }

  /** Nothing will run with a loading any more. */
  void forget(Tenant tenant, long loading) {
    pool.forget(new PrefixCache.Weights(tenant.id(), loading, 0));
    widths.remove(loading);
  }

  PrefixCache.Weights weightsOf(Sequence sequence) {
    long loading = sequence.loading();
    return new PrefixCache.Weights(
        sequence.tenant().id(), loading, widths.getOrDefault(loading, 0));
  }

  /** Puts a sequence that may run, again or for the first time, where it belongs. */
  void enter(Sequence sequence, Nanos now) {
    if (parked.remove(sequence)) {
      sequence.become(Sequence.State.RUNNING);
      sequence.tenant().countRunning(1);
      running.add(sequence);
    } else {
      waiting.add(sequence, now);
    }
  }

  /** Parks a running sequence; its pages stay until someone needs them. */
  void park(Sequence sequence, Nanos now) {
    leaveRunning(sequence);
    sequence.park(now);
    parked.add(sequence);
  }

  /** Takes a sequence off every list; its pages, if any, are still its own. */
  void remove(Sequence sequence) {
    switch (sequence.state()) {
      case WAITING -> waiting.remove(sequence);
      case RUNNING -> leaveRunning(sequence);
      case PARKED -> parked.remove(sequence);
      case ENDED -> throw new AssertionError("request " + sequence.id() + " has ended before");
    }
  }

  void releasePages(Sequence sequence) {
    if (sequence.hasPlace()) {
      pool.release(sequence);
      countHolder(sequence.tenant(), -1);
    }
  }

  /**
   * Lets the next in line in if there are a place among the running, a place for its delta and
   * pages for all its known tokens; and if each running sequence has a page left to grow by,
   * because whoever is let into the last pages is soon robbed of them. Robs parked sequences and
   * those that yield, no more than needed, and only when that is enough.
   */
  @Nullable Sequence admitNext(Nanos now) {
    Sequence next = waiting.next(this, now);
    if (next == null) {
      return null;
    }
    PrefixCache.Weights weights = weightsOf(next);
    List<PrefixCache.Block> prefix = pool.find(next, weights);
    int needed = limits.pagesFor(next.known());
    List<Sequence> losers = losersFor(next, needed - prefix.size());
    if (losers == null) {
      pool.letGo(prefix);
      return null;
    }
    losers.forEach(loser -> preempt(loser, now));
    waiting.admit(next, now);
    pool.begin(next, weights, prefix, needed);
    next.admit(++admissions);
    running.add(next);
    next.tenant().countRunning(1);
    countHolder(next.tenant(), 1);
    policy.admitted(next);
    return next;
  }

  /**
   * Gives a running sequence the page that it lacks, if any; false if it has to do without, and may
   * have lost its own.
   */
  boolean grow(Sequence sequence, Nanos now) {
    int lacking = limits.pagesFor(sequence.known()) - sequence.pages().length;
    while (pool.availableCount() < lacking) {
      Sequence victim = parked.isEmpty() ? running.latest() : parked.getFirst();
      if (victim.isInStep()) {
        return false;
      }
      preempt(victim, now);
      if (victim == sequence) {
        return false;
      }
    }
    if (lacking > 0) {
      pool.extend(sequence, lacking);
    }
    return true;
  }

  /**
   * Gives a running sequence the page that it lacks, if any, as long as each other one that runs
   * has a page left to grow by; false if it has to do without.
   */
  boolean growFreely(Sequence sequence) {
    int lacking = limits.pagesFor(sequence.known()) - sequence.pages().length;
    if (lacking > 0 && pool.availableCount() - lacking < running.size() - 1) {
      return false;
    }
    if (lacking > 0) {
      pool.extend(sequence, lacking);
    }
    return true;
  }

  @Override
  public boolean isCapped(Tenant tenant) {
    return tenant.running() >= tenant.terms().runningMax();
  }

  @Override
  public boolean hasFreePlace(Tenant tenant) {
    return hasPlace(tenant, Sequence::isParked);
  }

  @Override
  public boolean hasPlace(Tenant tenant) {
    return hasPlace(tenant, this::isRobbable);
  }

  private boolean hasPlace(Tenant tenant, Predicate<Sequence> robbable) {
    return takesNoPlace(tenant)
        || tenant.holders() > 0
        || deltas < rules.deltasMax()
        || !holdersOfOne(robbable).isEmpty();
  }

  private boolean takesNoPlace(Tenant tenant) {
    return tenant.id().equals(rules.base());
  }

  private boolean isRobbable(Sequence holder) {
    return holder.isParked() || (!holder.isInStep() && policy.yields(holder));
  }

  /** Who must lose its pages so that another comes in; null when that is not enough. */
  private @Nullable List<Sequence> losersFor(Sequence next, int needed) {
    Tenant tenant = next.tenant();
    var losers = new LinkedHashSet<Sequence>();
    boolean lacksPlace =
        !takesNoPlace(tenant) && tenant.holders() == 0 && deltas >= rules.deltasMax();
    if (lacksPlace) {
      losers.addAll(holdersOfOne(this::isRobbable));
      if (losers.isEmpty()) {
        return null;
      }
    }
    List<Sequence> robbable = robbable();
    if (tenant.holders() >= tenant.terms().runningMax()) {
      Sequence own = ownParked(tenant);
      if (own == null) {
        return null;
      }
      losers.add(own);
    }
    for (Sequence candidate : robbable) {
      if (fits(losers, needed)) {
        break;
      }
      losers.add(candidate);
    }
    return fits(losers, needed) ? List.copyOf(losers) : null;
  }

  private boolean fits(Set<Sequence> losers, int needed) {
    int left = running.size();
    for (Sequence loser : losers) {
      left -= loser.isParked() ? 0 : 1;
    }
    return holders() - losers.size() < limits.runningMax()
        && pool.availableCount() + pool.gain(losers) >= needed + left;
  }

  /** The longest parked first, then those that yield, the latest admitted first. */
  private List<Sequence> robbable() {
    var robbable = new ArrayList<>(parked);
    for (int i = running.size() - 1; i >= 0; i--) {
      if (isRobbable(running.get(i))) {
        robbable.add(running.get(i));
      }
    }
    return robbable;
  }

  /** All holders of one delta that takes a place, if there is one that all can be robbed. */
  private List<Sequence> holdersOfOne(Predicate<Sequence> robbable) {
    Map<Tenant, List<Sequence>> found = new HashMap<>();
    for (Sequence sequence : robbable()) {
      Tenant tenant = sequence.tenant();
      if (!takesNoPlace(tenant) && robbable.test(sequence)) {
        List<Sequence> all = found.computeIfAbsent(tenant, _ -> new ArrayList<>());
        all.add(sequence);
        if (all.size() == tenant.holders()) {
          return all;
        }
      }
    }
    return List.of();
  }

  private @Nullable Sequence ownParked(Tenant tenant) {
    for (Sequence sequence : parked) {
      if (sequence.tenant() == tenant) {
        return sequence;
      }
    }
    return null;
  }

  private void leaveRunning(Sequence sequence) {
    running.remove(sequence);
    sequence.tenant().countRunning(-1);
  }

  private void countHolder(Tenant tenant, int change) {
    int before = tenant.holders();
    tenant.countHolders(change);
    if (!takesNoPlace(tenant) && (before == 0 || tenant.holders() == 0)) {
      deltas += change;
    }
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

package tributary.scheduling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/**
 * Weighted fair queuing over the tokens that a step computes for the first time, spare ones not.
 */
final class FairPolicy implements Policy {
  // Why the bound of PolicyChoice.Fair holds. Let v be a tenant's virtual time: due tokens given,
  // divided by its weight; G the gap, T the tokens of a step. A tenant is backlogged from a look
  // that finds it waiting without being kept out by a limit of its own, to one that does not.
  //
  // Claim: after every step, v(f) <= v(g) + G + T for every f of the priority of a backlogged g.
  //
  // When g becomes backlogged while an h of its priority is, v(g) is clamped into
  // [least v of the backlogged, that + G + T], so the claim carries over from h. When none is, all
  // others of its priority are lowered to v(g) + G + T at most; they are not backlogged, so nobody
  // is promised the service that this forgets. From then on v(g) only grows. f is given due tokens
  // only if it does not yield, so only if v(f) <= v(g) + G as the step is put together, and it is
  // given no more than T. What it is given while it yields is spare and leaves v(f) as it is.
  //
  // While f and g are both backlogged neither counter is clamped or lowered, so what f was given
  // less what g was given over that time is the growth of v(f) - v(g), which the claim keeps
  // between -(G + T) and G + T: at most 2 G + 2 T.

  /** How those of one priority stand. */
  private static final class Rank {
    private long least = Long.MAX_VALUE;

    void note(Tenant tenant) {
      least = Math.min(least, tenant.virtualTime());
    }
  }

  private final long gap;
  private final long lead;
  private final Nanos ageMax;
  private final Map<Tenant, TenantLine> lines = new LinkedHashMap<>();
  private final Set<Tenant> seen = new LinkedHashSet<>();

  /** By priority; those in which somebody is backlogged. */
  private TreeMap<Integer, Rank> ranks = new TreeMap<>();

  FairPolicy(PolicyChoice.Fair choice, int tokensPerStep) {
    gap = Tenant.virtually(choice.gapTokens());
    lead = gap + Tenant.virtually(tokensPerStep);
    ageMax = choice.ageMax();
  }

  @Override
  public void stand(Sequence sequence, Nanos now) {
    seen.add(sequence.tenant());
    lines.computeIfAbsent(sequence.tenant(), _ -> new TenantLine(now)).add(sequence);
  }

  @Override
  public void leave(Sequence sequence) {
    TenantLine line = lines.get(sequence.tenant());
    if (line != null) {
      line.remove(sequence);
      if (line.isEmpty()) {
        lines.remove(sequence.tenant());
      }
    }
  }

  @Override
  public void look(Places places, Nanos now) {
    seen.removeIf(tenant -> tenant.sequences() == 0);
    var starting = new ArrayList<Tenant>();
    ranks = new TreeMap<>();
    for (var entry : lines.entrySet()) {
      Tenant tenant = entry.getKey();
      TenantLine line = entry.getValue();
      boolean may = !places.isCapped(tenant);
      if (may && !line.isBacklogged()) {
        starting.add(tenant);
      } else if (may) {
        rankOf(tenant).note(tenant);
      }
      line.backlogged(may);
    }
    starting.forEach(this::start);
  }

  @Override
  public @Nullable Sequence next(Places places, Nanos now) {
    Tenant best = null;
    Nanos bestAge = Nanos.ZERO;
    for (var entry : lines.entrySet()) {
      Tenant tenant = entry.getKey();
      if (!entry.getValue().isBacklogged() || places.isCapped(tenant)) {
        continue;
      }
      Nanos age = age(tenant, entry.getValue(), now);
      boolean overAge = isOverAge(tenant, age);
      if (!overAge && !places.hasPlace(tenant)) {
        continue;
      }
      Nanos counted = overAge ? age : Nanos.ZERO;
      if (best == null || isBefore(tenant, counted, best, bestAge)) {
        best = tenant;
        bestAge = counted;
      }
    }
    TenantLine line = best == null ? null : lines.get(best);
    return line == null ? null : line.first(now, ageMax);
  }

  @Override
  public boolean yields(Sequence running) {
    Tenant tenant = running.tenant();
    int priority = tenant.terms().priority();
    boolean outranked = !ranks.isEmpty() && ranks.lastKey() > priority;
    return (outranked && !running.isGranted()) || isAhead(tenant);
  }

  @Override
  public void admitted(Sequence sequence) {
    int priority = sequence.tenant().terms().priority();
    if (!ranks.isEmpty() && ranks.lastKey() > priority) {
      sequence.grant();
    }
  }

  @Override
  public void sortPrefills(List<Sequence> prefills) {
    prefills.sort(Comparator.comparingLong(sequence -> sequence.tenant().virtualTime()));
  }

  /** A tenant begins to be backlogged. */
  private void start(Tenant tenant) {
    int priority = tenant.terms().priority();
    Rank rank = ranks.get(priority);
    if (rank != null) {
      long clamped = Math.clamp(tenant.virtualTime(), rank.least, rank.least + lead);
      tenant.virtualTime(clamped);
    } else {
      long most = tenant.virtualTime() + lead;
      for (Tenant other : seen) {
        if (other.terms().priority() == priority) {
          other.virtualTime(Math.min(other.virtualTime(), most));
        }
      }
    }
    rankOf(tenant).note(tenant);
  }

  private boolean isAhead(Tenant tenant) {
    Rank rank = ranks.get(tenant.terms().priority());
    return rank != null && tenant.virtualTime() > rank.least + gap;
  }

  private boolean isOverAge(Tenant tenant, Nanos age) {
    return age.compareTo(ageMax) > 0 && !isAhead(tenant);
  }

  /** How long a tenant that waits has gone without a token. */
  private static Nanos age(Tenant tenant, TenantLine line, Nanos now) {
    boolean servedSince = tenant.servedAt().compareTo(line.since()) > 0;
    return now.minus(servedSince ? tenant.servedAt() : line.since());
  }

  private static boolean isBefore(Tenant a, Nanos ageOfA, Tenant b, Nanos ageOfB) {
    int order = ageOfB.compareTo(ageOfA);
    if (order == 0) {
      order = Integer.compare(b.terms().priority(), a.terms().priority());
    }
    if (order == 0) {
      order = Long.compare(a.virtualTime(), b.virtualTime());
    }
    return order < 0;
  }

  private Rank rankOf(Tenant tenant) {
    return ranks.computeIfAbsent(tenant.terms().priority(), _ -> new Rank());
  }
}

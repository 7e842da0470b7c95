package tributary.scheduling;

import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** The waiting sequences of one tenant: the urgent first, then by deadline, then by ticket. */
final class TenantLine {
  private static final Comparator<Sequence> BY_WISH =
      Comparator.<Sequence>comparingInt(sequence -> -sequence.urgency())
          .thenComparingLong(sequence -> time(sequence.deadline()))
          .thenComparing(Sequence.BY_TICKET);

  private final TreeSet<Sequence> byWish = new TreeSet<>(BY_WISH);
  private final TreeSet<Sequence> byTicket = new TreeSet<>(Sequence.BY_TICKET);

  /** Since when somebody has stood here. */
  private final Nanos since;

  private boolean backlogged;

  TenantLine(Nanos since) {
    this.since = since;
  }

  void add(Sequence sequence) {
    byWish.add(sequence);
    byTicket.add(sequence);
  }

  void remove(Sequence sequence) {
    byWish.remove(sequence);
    byTicket.remove(sequence);
  }

  boolean isEmpty() {
    return byTicket.isEmpty();
  }

  /** Who goes first: by wish, unless the eldest has waited for too long. */
  Sequence first(Nanos now, Nanos ageMax) {
    Sequence eldest = byTicket.first();
    return now.minus(eldest.waitsSince()).compareTo(ageMax) > 0 ? eldest : byWish.first();
  }

  Nanos since() {
    return since;
  }

  /** Whether somebody stands here whom no limit of the tenant's own keeps out. */
  boolean isBacklogged() {
    return backlogged;
  }

  void backlogged(boolean is) {
    backlogged = is;
  }

  private static long time(@Nullable Nanos deadline) {
    return deadline == null ? Long.MAX_VALUE : deadline.count();
  }
}

package tributary.scheduling;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/** Sequences that may run and wait for pages, in a policy's order. */
final class WaitingQueue {
  private static final Nanos RETRY_MIN = Nanos.ofMillis(1_000);
  private static final Nanos RETRY_MAX = Nanos.ofMillis(60_000);
  private static final int INTERVAL_WEIGHT = 8;

  private final Policy policy;
  private final Set<Sequence> members = new HashSet<>();
  private long tickets;
  private Nanos firstSince = Nanos.ZERO;
  private Nanos placeInterval = Nanos.ZERO;

  WaitingQueue(Policy policy) {
    this.policy = policy;
  }

  int size() {
    return members.size();
  }

  boolean isEmpty() {
    return members.isEmpty();
  }

  /** Who must be let in before anybody else, if anybody may be. */
  @Nullable Sequence next(Policy.Places places, Nanos now) {
    return members.isEmpty() ? null : policy.next(places, now);
  }

  /** A sequence that stood here before keeps its ticket. */
  void add(Sequence sequence, Nanos now) {
    if (members.isEmpty()) {
      firstSince = now;
    }
    sequence.stand(++tickets, now);
    members.add(sequence);
    policy.stand(sequence, now);
  }

  /** Takes one out of the line to be admitted. */
  void admit(Sequence sequence, Nanos now) {
    long found = now.minus(firstSince).count();
    long known = placeInterval.count();
    placeInterval = new Nanos(known + (found - known) / INTERVAL_WEIGHT);
    firstSince = now;
    remove(sequence);
  }

  void remove(Sequence sequence) {
    if (members.remove(sequence)) {
      policy.leave(sequence);
    }
  }

  /** About as long as the first in line has lately had to wait for its place. */
  Nanos retryAfter() {
    if (placeInterval.compareTo(RETRY_MIN) < 0) {
      return RETRY_MIN;
    }
    return placeInterval.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : placeInterval;
  }
}

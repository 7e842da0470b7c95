package tributary.scheduling;

import java.util.LinkedHashSet;
import tributary.protocol.Nanos;

/**
 * Sequences that may run and wait for pages: first those that had some and lost them, then
 * newcomers in the order in which they became able to run.
 */
final class WaitingQueue {
  private static final Nanos RETRY_MIN = Nanos.ofMillis(1_000);
  private static final Nanos RETRY_MAX = Nanos.ofMillis(60_000);
  private static final int INTERVAL_WEIGHT = 8;

  private final LinkedHashSet<Sequence> queue = new LinkedHashSet<>();
  private Nanos firstSince = Nanos.ZERO;
  private Nanos placeInterval = Nanos.ZERO;

  int size() {
    return queue.size();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  Sequence first() {
    return queue.getFirst();
  }

  /** A newcomer goes to the end, a sequence that ran before to the front. */
  void add(Sequence sequence, Nanos now) {
    if (queue.isEmpty()) {
      firstSince = now;
    }
    if (sequence.isNewcomer()) {
      queue.addLast(sequence);
    } else {
      queue.addFirst(sequence);
    }
  }

  /** Takes the first out of the line to be admitted. */
  Sequence removeFirst(Nanos now) {
    long found = now.minus(firstSince).count();
    long known = placeInterval.count();
    placeInterval = new Nanos(known + (found - known) / INTERVAL_WEIGHT);
    firstSince = now;
    return queue.removeFirst();
  }

  void remove(Sequence sequence) {
    queue.remove(sequence);
  }

  /** About as long as the first in line has lately had to wait for its place. */
  Nanos retryAfter() {
    if (placeInterval.compareTo(RETRY_MIN) < 0) {
      return RETRY_MIN;
    }
    return placeInterval.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : placeInterval;
  }
}

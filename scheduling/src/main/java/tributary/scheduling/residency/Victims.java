package tributary.scheduling.residency;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Predicate;
import tributary.protocol.Bytes;

/** Who gives memory back when it runs short. */
final class Victims {
  /** A delta, and the planes that stay of it. */
  record Victim(Entry entry, int to) {}

  private static final Comparator<Entry> BY_RANK =
      Comparator.comparingDouble(Entry::rank).thenComparingLong(Entry::order);

  private final Collection<Entry> entries;

  Victims(Collection<Entry> entries) {
    this.entries = entries;
  }

  /**
   * Planes above the floor of a delta that nobody needs, or else all of such a delta; the least
   * worth first.
   *
   * @param rankMax those worth as much or more are spared
   */
  Optional<Victim> idle(Entry beneficiary, Place place, double rankMax) {
    Predicate<Entry> idle =
        entry ->
            entry != beneficiary
                && entry.width(place) > 0
                && entry.rank() < rankMax
                && isDispensable(entry, place);
    Predicate<Entry> wide = entry -> entry.width(place) > entry.floor();
    return least(wide.and(idle))
        .map(entry -> new Victim(entry, isCopy(entry, place) ? 0 : entry.floor()))
        .or(() ->
            least(idle.and(entry -> !entry.isPinned() || isCopy(entry, place)))
                .map(entry -> new Victim(entry, 0)));
  }

  /** What {@link #idle} could give in all. */
  Bytes spare(Place place) {
    Bytes spare = Bytes.ZERO;
    for (Entry entry : entries) {
      if (entry.width(place) > 0 && isDispensable(entry, place)) {
        Bytes held = entry.footprint().at(entry.width(place));
        boolean keepsFloor = entry.isPinned() && !isCopy(entry, place);
        spare = spare.plus(keepsFloor ? held.minus(entry.floorSize()) : held);
      }
    }
    return spare;
  }

  /**
   * A delta in use: that which has been there for longest. One that has just come, and that those
   * who waited have not taken yet, is spared.
   */
  Optional<Victim> inUse(Entry beneficiary, Place place) {
    return entries.stream()
        .filter(entry ->
            entry != beneficiary
                && place == Place.DEVICE
                && entry.isReady()
                && entry.move() == null
                && entry.wantedSince() == null
                && !entry.isPinned())
        .min(
            Comparator.<Entry>comparingLong(entry -> entry.hotSince().count())
                .thenComparingLong(Entry::order))
        .map(entry -> new Victim(entry, 0));
  }

  private Optional<Entry> least(Predicate<Entry> filter) {
    Entry least = null;
    for (Entry entry : entries) {
      if (filter.test(entry) && (least == null || BY_RANK.compare(entry, least) < 0)) {
        least = entry;
      }
    }
    return Optional.ofNullable(least);
  }

  private static boolean isDispensable(Entry entry, Place place) {
    return entry.isIdle() || (isCopy(entry, place) && entry.move() == null);
  }

  /** Whether it lies in RAM while it is served from the device; planes to come are read again. */
  private static boolean isCopy(Entry entry, Place place) {
    return place == Place.RAM && entry.isReady();
  }
}

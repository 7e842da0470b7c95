package tributary.scheduling.residency;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;

/**
 * Decides which deltas lie where, at which precision, within the budgets. Owns no clock, thread,
 * file or random source.
 *
 * <p>A delta is brought at its floor first, so that its sequences can begin, and raised plane by
 * plane while it is needed. When memory runs short, planes above the floor go first, of deltas that
 * nobody needs; then such deltas as a whole, those first that are used little for what their load
 * costs; and for a delta that has been waited for too long, one that is in use.
 *
 * <p>Used by one thread at a time. Each move is answered by {@link #done} or {@link #failed}; a
 * delta makes one move at a time.
 */
public final class Residency {
  // Eviction is GreedyDual-Size-Frequency: a delta's rank is that of the last one evicted at the
  // time of its last use, plus its uses times the cost of its load per byte. What is not used any
  // more is overtaken by what is, however popular it once was.

  private final ResidencySettings settings;
  private final Map<DeltaKey, Entry> entries = new LinkedHashMap<>();
  private final Set<Entry> needed = new HashSet<>();
  private final Map<Place, Ledger> ledgers = new EnumMap<>(Place.class);
  private final Victims victims = new Victims(entries.values());
  private double rankOfEvicted;
  private long registrations;
  private int raising;
  private long evictions;
  private long planesDropped;
  private long loads;

  public Residency(ResidencySettings settings) {
    this.settings = settings;
    for (Place place : Place.values()) {
      ledgers.put(place, new Ledger(settings.budget(place)));
    }
  }

  /** Takes note of a delta on disk; refuses one that the budgets can never hold. */
  public Optional<Refusal> register(DeltaKey key, Footprint footprint, DeltaTerms terms) {
    var entry = new Entry(key, footprint, terms, ++registrations);
    Optional<Refusal> refusal = misfit(entry, terms);
    if (refusal.isEmpty() && entries.putIfAbsent(key, entry) != null) {
      throw new AssertionError("delta %s is registered twice".formatted(key));
    }
    if (refusal.isEmpty()) {
      noteNeed(entry);
    }
    return refusal;
  }

  /** Changes what a tenant was promised; refuses a pin or a floor for which there is no room. */
  public Optional<Refusal> agree(DeltaKey key, DeltaTerms terms) {
    Entry entry = entry(key);
    Optional<Refusal> refusal = misfit(entry, terms);
    if (refusal.isEmpty()) {
      entry.agree(terms);
      noteNeed(entry);
    }
    return refusal;
  }

  /** Forgets a delta that lies nowhere but on disk; true if it could. */
  public boolean forget(DeltaKey key) {
    Entry entry = entry(key);
    boolean away = entry.move() == null && entry.users() == 0;
    for (Place place : Place.values()) {
      away &= entry.width(place) == 0;
    }
    if (away) {
      entries.remove(key);
      needed.remove(entry);
    }
    return away;
  }

  /** A request has come that needs the delta; holds until {@link #taken} or {@link #unwanted}. */
  public void wanted(DeltaKey key, Nanos now) {
    Entry entry = entry(key);
    entry.broken(false);
    if (entry.wantedSince() == null) {
      entry.wanted(now);
      noteNeed(entry);
    }
  }

  /**
   * The delta would be good to have: as if it were wanted, but behind all that are, and it takes
   * nothing from one that is needed.
   *
   * @return false when there is no room for it in that way now; then nothing has changed
   */
  public boolean welcome(DeltaKey key, Nanos now) {
    Entry entry = entry(key);
    for (Place place : Place.values()) {
      boolean counts = place == Place.DEVICE || settings.isStaged();
      Bytes room = ledger(place).free().plus(victims.spare(place));
      if (counts && room.compareTo(entry.floorSize()) < 0) {
        return false;
      }
    }
    entry.modest(true);
    wanted(key, now);
    return true;
  }

  /** Nobody waits for the delta any more. */
  public void unwanted(DeltaKey key) {
    Entry entry = entry(key);
    entry.wanted(null);
    noteNeed(entry);
  }

  /** The delta is used until {@link #left}, once for each call. */
  public void taken(DeltaKey key) {
    Entry entry = entry(key);
    entry.countUser(1);
    entry.wanted(null);
    entry.use(rankOfEvicted, settings.loadOverhead());
    noteNeed(entry);
  }

  public void left(DeltaKey key) {
    Entry entry = entry(key);
    entry.countUser(-1);
    noteNeed(entry);
  }

  /** Raises a delta no further than it takes to serve it, until {@link #resume}. */
  public void pause(DeltaKey key) {
    entry(key).paused(true);
  }

  public void resume(DeltaKey key) {
    entry(key).paused(false);
  }

  /** Gives all memory of a delta back that nobody waits for; nothing if it is moving. */
  public List<DeltaMove> release(DeltaKey key) {
    Entry entry = entry(key);
    var moves = new ArrayList<DeltaMove>();
    for (Place place : Place.values()) {
      if (entry.move() == null && entry.width(place) > 0) {
        lower(entry, place, 0, moves);
      }
    }
    return moves;
  }

  /** What moves next; each move has begun when this returns. */
  public List<DeltaMove> decide(Nanos now) {
    var moves = new ArrayList<DeltaMove>();
    var blocked = new EnumMap<Place, Boolean>(Place.class);
    for (Entry entry : inOrderOfNeed()) {
      DeltaMove next = entry.move() == null ? next(entry) : null;
      if (next == null || blocked.containsKey(next.place()) || raising >= settings.movesMax()) {
        continue;
      }
      Ledger ledger = ledger(next.place());
      if (ledger.hasRoom(next.size())) {
        ledger.take(next.size());
        raising++;
        entry.move(next);
        moves.add(next);
      } else {
        makeRoom(entry, next, now, moves);
        // What is given back now is for this one; nobody behind it may take it away.
        blocked.put(next.place(), true);
      }
    }
    return moves;
  }

  public void done(DeltaMove move, Nanos now) {
    Entry entry = finished(move);
    if (move.raises()) {
      boolean wasReady = entry.isReady();
      entry.width(move.place(), move.to());
      loads += move.from() == 0 && move.place() == Place.DEVICE ? 1 : 0;
      if (!wasReady && entry.isReady()) {
        entry.hotSince(now);
      }
    } else {
      ledger(move.place()).given(move.size());
    }
  }

  /** The move did not happen; the delta is waited for no more, until somebody asks again. */
  public void failed(DeltaMove move) {
    Entry entry = finished(move);
    if (!move.raises()) {
      throw new AssertionError("memory cannot fail to be given back: " + move);
    }
    ledger(move.place()).giveBack(move.size());
    entry.wanted(null);
    entry.broken(true);
    noteNeed(entry);
  }

  /** Planes of a delta that can be computed with now; 0 when it cannot be. */
  public int width(DeltaKey key) {
    Entry entry = entry(key);
    return entry.isReady() ? entry.width(Place.DEVICE) : 0;
  }

  public Tier tier(DeltaKey key) {
    return entry(key).tier();
  }

  /**
   * Gauges and counters.
   *
   * @param ram bytes taken
   * @param device bytes taken
   * @param loads of deltas onto the device
   * @param evictions of whole deltas from a place
   * @param planesDropped from deltas that stayed
   */
  public record Load(Bytes ram, Bytes device, long loads, long evictions, long planesDropped) {}

  public Load load() {
    return new Load(
        ledger(Place.RAM).taken(), ledger(Place.DEVICE).taken(), loads, evictions, planesDropped);
  }

  /** Those that cannot be served first, those who wait longest first; then by worth. */
  private List<Entry> inOrderOfNeed() {
    var inOrder = new ArrayList<>(needed);
    inOrder.sort(
        Comparator.comparing((Entry entry) -> !entry.isReady() && entry.isModest())
            .thenComparing(Entry::isReady)
            .thenComparingLong(entry -> since(entry.wantedSince()))
            .thenComparingDouble(entry -> -entry.rank())
            .thenComparingLong(Entry::order));
    return inOrder;
  }

  /** Keeps apart what is needed, lest every decision looks at everything. */
  private void noteNeed(Entry entry) {
    if (entry.isNeeded()) {
      needed.add(entry);
    } else {
      needed.remove(entry);
    }
  }

  private static long since(@Nullable Nanos moment) {
    return moment == null ? Long.MAX_VALUE : moment.count();
  }

  /** The move that brings a delta further; null when it is whole where it is computed with. */
  private @Nullable DeltaMove next(Entry entry) {
    int here = entry.width(Place.DEVICE);
    int wanted = entry.isReady() ? here + 1 : entry.floor();
    boolean stays = entry.isReady() && entry.isPaused();
    if (here == entry.footprint().widths() || entry.isBroken() || stays) {
      return null;
    }
    boolean staged = settings.isStaged() && entry.width(Place.RAM) < wanted;
    Place place = staged ? Place.RAM : Place.DEVICE;
    return move(entry, place, wanted);
  }

  private void makeRoom(Entry entry, DeltaMove next, Nanos now, List<DeltaMove> moves) {
    Place place = next.place();
    // A delta that is served already takes from those only that are worth less.
    double rankMax = entry.isReady() ? entry.rank() : Double.POSITIVE_INFINITY;
    while (!ledger(place).willHaveRoom(next.size())) {
      Optional<Victims.Victim> victim = victims.idle(entry, place, rankMax);
      Nanos wantedSince = entry.wantedSince();
      boolean overAge =
          !entry.isReady()
              && !entry.isModest()
              && wantedSince != null
              && now.minus(wantedSince).compareTo(settings.ageMax()) > 0;
      if (victim.isEmpty() && overAge) {
        victim = victims.inUse(entry, place);
      }
      if (victim.isEmpty()) {
        return;
      }
      lower(victim.get().entry(), place, victim.get().to(), moves);
    }
  }

  private void lower(Entry entry, Place place, int to, List<DeltaMove> moves) {
    DeltaMove move = move(entry, place, to);
    if (to == 0) {
      evictions++;
      if (place == Place.DEVICE) {
        rankOfEvicted = Math.max(rankOfEvicted, entry.rank());
        entry.forgetUses();
      }
    } else {
      planesDropped += move.from() - to;
    }
    entry.move(move);
    entry.width(place, to);
    ledger(place).beginToGive(move.size());
    moves.add(move);
  }

  private static DeltaMove move(Entry entry, Place place, int to) {
    int from = entry.width(place);
    Bytes before = entry.footprint().at(from);
    Bytes after = entry.footprint().at(to);
    Bytes size = to > from ? after.minus(before) : before.minus(after);
    return new DeltaMove(entry.key(), place, from, to, size);
  }

  private Entry finished(DeltaMove move) {
    Entry entry = entry(move.key());
    if (!move.equals(entry.move())) {
      throw new AssertionError("%s ended, under way is %s".formatted(move, entry.move()));
    }
    entry.move(null);
    raising -= move.raises() ? 1 : 0;
    return entry;
  }

  /** Pinned deltas must leave room for any other one at its floor. */
  private Optional<Refusal> misfit(Entry added, DeltaTerms terms) {
    int floor = Math.min(terms.floor(), added.footprint().widths());
    Bytes pinned = terms.pinned() ? added.footprint().at(floor) : Bytes.ZERO;
    Bytes largest = terms.pinned() ? Bytes.ZERO : added.footprint().at(floor);
    for (Entry entry : entries.values()) {
      if (entry.key().equals(added.key())) {
        continue;
      }
      if (entry.isPinned()) {
        pinned = pinned.plus(entry.floorSize());
      } else if (entry.floorSize().compareTo(largest) > 0) {
        largest = entry.floorSize();
      }
    }
    for (Place place : Place.values()) {
      boolean counts = place == Place.DEVICE || settings.isStaged();
      if (counts && pinned.plus(largest).compareTo(settings.budget(place)) > 0) {
        return Optional.of(
            Refusal.of(
                ErrorCode.DELTA_UNAVAILABLE,
                "model %s: pinned deltas take %d bytes and the largest other one %d; the memory for"
                        .formatted(added.key().id(), pinned.count(), largest.count())
                    + " deltas (%s) has %d: raise it, lower the floor or unpin one"
                        .formatted(place, settings.budget(place).count())));
      }
    }
    return Optional.empty();
  }

  private Ledger ledger(Place place) {
    Ledger ledger = ledgers.get(place);
    if (ledger == null) {
      throw new AssertionError(place);
    }
    return ledger;
  }

  private Entry entry(DeltaKey key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      throw new AssertionError("delta %s is not registered".formatted(key));
    }
    return entry;
  }
}

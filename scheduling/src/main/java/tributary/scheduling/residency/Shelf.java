package tributary.scheduling.residency;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import tributary.protocol.Bytes;

/**
 * Decides which deltas that are not computed with stay in RAM, read and verified, so that they need
 * not be read again. What was put there first goes first when the budget is spent; a delta that is
 * used again comes back to the end of the line.
 *
 * @param <K> tells the contents of deltas apart
 */
public final class Shelf<K> {
  private final Bytes budget;
  private final LinkedHashMap<K, Bytes> kept = new LinkedHashMap<>();
  private Bytes taken = Bytes.ZERO;
  private long found;
  private long missed;
  private long dropped;

  public Shelf(Bytes budget) {
    this.budget = budget;
  }

  /**
   * Keeps a delta that is not on the shelf.
   *
   * @return what must go for it, in this order; itself when it is too large
   */
  public List<K> put(K key, Bytes size) {
    if (kept.containsKey(key)) {
      throw new AssertionError("delta %s is on the shelf already".formatted(key));
    }
    var leaving = new ArrayList<K>();
    if (size.compareTo(budget) > 0) {
      leaving.add(key);
    } else {
      kept.put(key, size);
      taken = taken.plus(size);
      while (taken.compareTo(budget) > 0) {
        var first = kept.pollFirstEntry();
        taken = taken.minus(first.getValue());
        leaving.add(first.getKey());
      }
    }
    dropped += leaving.size();
    return leaving;
  }

  public boolean holds(K key) {
    return kept.containsKey(key);
  }

  /** Takes a delta from the shelf; false when it is not there. */
  public boolean take(K key) {
    Bytes size = kept.remove(key);
    if (size == null) {
      missed++;
      return false;
    }
    taken = taken.minus(size);
    found++;
    return true;
  }

  /**
   * Gauges and counters.
   *
   * @param taken bytes on the shelf
   * @param count of deltas on it
   * @param found how often a delta was there when it was looked for
   * @param missed how often it was not
   * @param dropped deltas that went for others, or were too large
   */
  public record Load(Bytes taken, int count, long found, long missed, long dropped) {}

  public Load load() {
    return new Load(taken, kept.size(), found, missed, dropped);
  }
}

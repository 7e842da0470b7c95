package tributary.scheduling.residency;

import tributary.protocol.TributaryException;

/**
 * What a tenant was promised about its delta.
 *
 * @param floor the least width that it is served at, or its greatest if that is less
 * @param pinned loaded before anybody asks, and never evicted
 */
public record DeltaTerms(int floor, boolean pinned) {
  public static final int FLOOR_MAX = 32;
  public static final DeltaTerms DEFAULT = new DeltaTerms(1, false);

  /** Served at its greatest width only. */
  public static final DeltaTerms WHOLE = new DeltaTerms(FLOOR_MAX, false);

  public DeltaTerms {
    if (floor < 1 || floor > FLOOR_MAX) {
      throw TributaryException.parameter("precision_floor", floor, 1, FLOOR_MAX);
    }
  }
}

package tributary.scheduling.residency;

import tributary.protocol.Bytes;

/**
 * A change of what of a delta lies in a place, to be carried out outside of steps.
 *
 * @param key of the delta
 * @param from planes that are there before
 * @param to planes that are there afterwards; fewer than before: memory is given back, and with 0
 *     all of it, as soon as no sequence needs it
 * @param size of what is brought or given back
 */
public record DeltaMove(DeltaKey key, Place place, int from, int to, Bytes size) {
  public boolean raises() {
    return to > from;
  }

  public boolean evicts() {
    return to == 0;
  }
}

package tributary.scheduling.placement;

/**
 * When a node carries so much more than another that what lies on it is given up for room.
 *
 * @param factor times the other's burden, and
 * @param offset so much more than that
 */
public record Overload(int factor, long offset) {
  /** Counted in open requests. */
  public static final Overload OF_REQUESTS = new Overload(2, 8);

  /** Counted in tokens that wait. */
  static final Overload OF_TOKENS = new Overload(2, 512);

  public boolean isFarAbove(long burden, long other) {
    return burden > factor * other + offset;
  }
}

package tributary.protocol;

/**
 * The precision that an answer was computed with, in planes of a delta that has several.
 *
 * @param least that any of its tokens was computed at, those of the prompt included
 * @param greatest that any of its tokens was computed at, those of the prompt included
 * @param available in the whole delta
 */
public record Precision(int least, int greatest, int available) {
  public Precision {
    if (least < 1 || greatest < least || available < greatest) {
      throw new IllegalArgumentException(
          "precision from %d to %d of %d".formatted(least, greatest, available));
    }
  }

  /** The precision of both together. */
  public Precision and(Precision other) {
    return new Precision(
        Math.min(least, other.least),
        Math.max(greatest, other.greatest),
        Math.max(available, other.available));
  }
}

package tributary.protocol;

/** A size in host or device memory, or of a file. */
public record Bytes(long count) implements Comparable<Bytes> {
  public static final Bytes ZERO = new Bytes(0);

  public Bytes {
    if (count < 0) {
      throw new IllegalArgumentException("negative size: " + count + " bytes");
    }
  }

  public Bytes plus(Bytes other) {
    return new Bytes(Math.addExact(count, other.count));
  }

  /** Throws when {@code other} is larger than this. */
  public Bytes minus(Bytes other) {
    return new Bytes(Math.subtractExact(count, other.count));
  }

  @Override
  public int compareTo(Bytes other) {
    return Long.compare(count, other.count);
  }
}

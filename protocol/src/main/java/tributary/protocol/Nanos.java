package tributary.protocol;

/** A moment on a monotonic clock, or a span between two moments, in nanoseconds. */
public record Nanos(long count) implements Comparable<Nanos> {
  public static final Nanos ZERO = new Nanos(0);

  public static Nanos ofMillis(long millis) {
    return new Nanos(Math.multiplyExact(millis, 1_000_000L));
  }

  public Nanos plus(Nanos span) {
    return new Nanos(Math.addExact(count, span.count));
  }

  public Nanos minus(Nanos earlier) {
    return new Nanos(Math.subtractExact(count, earlier.count));
  }

  public double seconds() {
    return count / 1e9;
  }

  @Override
  public int compareTo(Nanos other) {
    return Long.compare(count, other.count);
  }
}

package tributary.config;

import java.time.Duration;
import tributary.protocol.Bytes;

/** Sizes and durations as one writes them in a configuration file, in the largest whole unit. */
final class Units {
  private record Unit(String name, long size) {}

  private static final Unit[] SIZES = {
    new Unit("TiB", 1L << 40),
    new Unit("GiB", 1L << 30),
    new Unit("MiB", 1L << 20),
    new Unit("KiB", 1L << 10),
    new Unit("B", 1)
  };
  private static final Unit[] NANOS = {
    new Unit("d", Duration.ofDays(1).toNanos()),
    new Unit("h", Duration.ofHours(1).toNanos()),
    new Unit("m", Duration.ofMinutes(1).toNanos()),
    new Unit("s", Duration.ofSeconds(1).toNanos()),
    new Unit("ms", Duration.ofMillis(1).toNanos()),
    new Unit("ns", 1)
  };

  private Units() {}

  static String text(Bytes size) {
    return text(size.count(), SIZES);
  }

  static String text(Duration span) {
    return span.isZero() ? "0 s" : text(span.toNanos(), NANOS);
  }

  private static String text(long count, Unit[] units) {
    int i = 0;
    while (count % units[i].size() != 0) {
      i++;
    }
    return count / units[i].size() + " " + units[i].name();
  }
}

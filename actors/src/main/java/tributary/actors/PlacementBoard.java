package tributary.actors;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.ExecutorReport;

/** What each executor told last, for whoever decides where variants live. Any thread. */
final class PlacementBoard {
  private record Entry(ExecutorReport report, Nanos at) {}

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private final Duration ageMax;
  private final MonotonicClock clock;

  /**
   * @param ageMax after which what an executor told counts no more
   */
  PlacementBoard(Duration ageMax, MonotonicClock clock) {
    this.ageMax = ageMax;
    this.clock = clock;
  }

  void put(ExecutorNews news) {
    Nanos now = clock.now();
    entries.values().removeIf(entry -> isOld(entry, now));
    entries.put(news.address(), new Entry(news.report(), now));
  }

  @Nullable ExecutorReport of(String address) {
    Entry entry = entries.get(address);
    return entry == null || isOld(entry, clock.now()) ? null : entry.report();
  }

  private boolean isOld(Entry entry, Nanos now) {
    return now.minus(entry.at()).count() > ageMax.toNanos();
  }
}

package tributary.actors;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.ExecutorReport;

/**
 * What each executor told last, for whoever decides where variants live and where requests go. Any
 * thread.
 */
final class PlacementBoard {
  /**
   * @param sent tokens that this node had the executor wait for since
   */
  private record Entry(ExecutorNews news, Nanos at, LongAdder sent) {}

  /** One of the executors that serve a variant. */
  record Place(ExecutorNews.Copy copy, ExecutorNews news, LongAdder sent) {
    String address() {
      return news.address();
    }

    /** Tokens that are waited for there, with those that this node sent since it was told. */
    long waiting() {
      return news.report().queuedTokens() + sent.sum();
    }
  }

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private final Duration ageMax;
  private final MonotonicClock clock;

  /** Of variants with replicas only, so that requests for others find nothing to choose from. */
  private volatile Map<DeltaId, List<Place>> replicated = Map.of();

  /**
   * @param ageMax after which what an executor told counts no more
   */
  PlacementBoard(Duration ageMax, MonotonicClock clock) {
    this.ageMax = ageMax;
    this.clock = clock;
  }

  synchronized void put(ExecutorNews news) {
    Nanos now = clock.now();
    entries.values().removeIf(entry -> isOld(entry, now));
    entries.put(news.address(), new Entry(news, now, new LongAdder()));
    replicated = replicated();
  }

  @Nullable ExecutorReport of(String address) {
    Entry entry = entries.get(address);
    return entry == null || isOld(entry, clock.now()) ? null : entry.news().report();
  }

  /** Of each executor the last that it told, if that was lately. */
  List<ExecutorNews> recent() {
    Nanos now = clock.now();
    return entries.values().stream().filter(entry -> !isOld(entry, now)).map(Entry::news).toList();
  }

  /** Where a variant with replicas is served, its home among them if that told lately. */
  List<Place> places(DeltaId variant) {
    List<Place> places = replicated.getOrDefault(variant, List.of());
    return places.isEmpty()
        ? places
        : places.stream().filter(place -> of(place.address()) != null).toList();
  }

  /** Executors that serve a variant beside its home. */
  int replicas(DeltaId variant) {
    return (int)
        places(variant).stream()
            .filter(place -> !place.copy().isHome() && !place.copy().version().isEmpty())
            .count();
  }

  private Map<DeltaId, List<Place>> replicated() {
    var places = new HashMap<DeltaId, List<Place>>();
    for (Entry entry : entries.values()) {
      for (ExecutorNews.Copy copy : entry.news().copies()) {
        places
            .computeIfAbsent(copy.variant(), _ -> new ArrayList<>())
            .add(new Place(copy, entry.news(), entry.sent()));
      }
    }
    places.values().removeIf(all -> all.stream().allMatch(place -> place.copy().isHome()));
    return places;
  }

  private boolean isOld(Entry entry, Nanos now) {
    return now.minus(entry.at()).count() > ageMax.toNanos();
  }
}

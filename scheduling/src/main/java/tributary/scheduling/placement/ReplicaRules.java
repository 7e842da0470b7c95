package tributary.scheduling.placement;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/**
 * Decides when a variant is served by one more executor beside its home, and when by one fewer.
 *
 * <p>A variant is hot while more than {@code growTokens} wait for it on each of its executors, on
 * average; when it has been for {@code growAfter} without a break, it grows onto the executor for
 * which the fewest tokens wait, if those are at most half of that average. It is cool while at most
 * {@code shrinkTokens} would wait on each with one executor fewer; after {@code shrinkAfter} it
 * gives up the replica for which the fewest wait. Each change begins both times anew, so that its
 * effect is seen before the next. The home is never given up.
 *
 * <p>Remembers since when each variant is hot or cool. Used by one thread at a time.
 */
public final class ReplicaRules {
  /**
   * When a variant grows and shrinks.
   *
   * @param executorsMax executors of one variant, its home among them; 1: there are no replicas
   * @param growTokens that wait on each executor of a variant that is not yet hot
   * @param shrinkTokens fewer, so that what has just grown is not cool
   */
  public record Limits(
      int executorsMax, long growTokens, Nanos growAfter, long shrinkTokens, Nanos shrinkAfter) {
    public Limits {
      if (executorsMax < 1 || shrinkTokens >= growTokens) {
        throw new IllegalArgumentException(
            "executors-max is %d, shrink-tokens %d and grow-tokens %d; at least 1, and fewer to shrink"
                .formatted(executorsMax, shrinkTokens, growTokens));
      }
    }
  }

  /**
   * A variant and where it is served or about to be.
   *
   * @param home the executor that it lives on
   * @param waiting for each of its executors, the home among them, the tokens that its sequences
   *     wait for there
   */
  public record Variant(String name, String home, Map<String, Long> waiting) {
    public Variant {
      waiting = Map.copyOf(waiting);
      if (!waiting.containsKey(home)) {
        throw new IllegalArgumentException("%s does not wait at its home %s".formatted(name, home));
      }
    }

    /** Tokens that wait for it wherever it is served. */
    public long total() {
      return waiting.values().stream().mapToLong(Long::longValue).sum();
    }

    /** How many serve it. */
    public int executors() {
      return waiting.size();
    }
  }

  /** What is to be done about one variant. */
  public sealed interface Change {
    String variant();

    String executor();

    /** An executor shall serve the variant, too. */
    record Grow(String variant, String executor) implements Change {}

    /** An executor shall take no more requests for the variant. */
    record Shrink(String variant, String executor) implements Change {}
  }

  /** What is remembered of one variant. */
  private static final class Streak {
    @Nullable Nanos hotSince;
    @Nullable Nanos coolSince;

    /** Asked for a replica while the variant has been hot; those that have none did not take it. */
    final Set<String> asked = new HashSet<>();

    void restart() {
      hotSince = null;
      coolSince = null;
    }
  }

  private final Limits limits;
  private final Map<String, Streak> streaks = new HashMap<>();

  public ReplicaRules(Limits limits) {
    this.limits = limits;
  }

  /** A variant without replicas for which no more wait may be left out. */
  public long growTokens() {
    return limits.growTokens();
  }

  /**
   * What changes now, one thing a variant at most. What is remembered of variants that are not
   * named any more is forgotten.
   *
   * @param executors that may serve variants, each with a report or none
   */
  public List<Change> decide(
      Collection<Variant> variants, Collection<Executor> executors, Nanos now) {
    Set<String> named = new HashSet<>();
    variants.forEach(variant -> named.add(variant.name()));
    streaks.keySet().retainAll(named);
    return variants.stream()
        .sorted(Comparator.comparing(Variant::name))
        .flatMap(variant -> decide(variant, executors, now).stream())
        .toList();
  }

  private Optional<Change> decide(Variant variant, Collection<Executor> executors, Nanos now) {
    Streak streak = streaks.computeIfAbsent(variant.name(), _ -> new Streak());
    streak.hotSince = since(streak.hotSince, isHot(variant), now);
    streak.coolSince = since(streak.coolSince, isCool(variant), now);
    if (streak.hotSince == null) {
      streak.asked.clear();
    }
    Optional<Change> change = Optional.empty();
    if (lasts(streak.hotSince, limits.growAfter(), now)) {
      change = grow(variant, executors, streak.asked);
    } else if (lasts(streak.coolSince, limits.shrinkAfter(), now)) {
      change = shrink(variant);
    }
    if (change.isPresent()) {
      streak.restart();
    }
    return change;
  }

  private boolean isHot(Variant variant) {
    return variant.executors() < limits.executorsMax()
        && variant.total() > limits.growTokens() * variant.executors();
  }

  private boolean isCool(Variant variant) {
    int fewer = variant.executors() - 1;
    return fewer > 0
        && (variant.executors() > limits.executorsMax()
            || variant.total() <= limits.shrinkTokens() * fewer);
  }

  private Optional<Change> grow(
      Variant variant, Collection<Executor> executors, Set<String> asked) {
    long mean = variant.total() / variant.executors();
    List<Executor> able =
        executors.stream()
            .filter(executor -> !variant.waiting().containsKey(executor.name()))
            .filter(executor -> 2 * executor.queuedTokens() <= mean)
            .toList();
    if (able.stream().allMatch(executor -> asked.contains(executor.name()))) {
      asked.clear(); // None of them took it: they may have room by now.
    }
    return able.stream()
        .filter(executor -> !asked.contains(executor.name()))
        .min(
            Comparator.<Executor>comparingLong(Executor::queuedTokens)
                .thenComparing(Executor::name))
        .map(executor -> {
          asked.add(executor.name());
          return new Change.Grow(variant.name(), executor.name());
        });
  }

  private static Optional<Change> shrink(Variant variant) {
    return variant.waiting().entrySet().stream()
        .filter(place -> !place.getKey().equals(variant.home()))
        .min(
            Comparator.<Map.Entry<String, Long>>comparingLong(Map.Entry::getValue)
                .thenComparing(Map.Entry::getKey))
        .map(place -> new Change.Shrink(variant.name(), place.getKey()));
  }

  private static @Nullable Nanos since(@Nullable Nanos before, boolean holds, Nanos now) {
    return !holds ? null : before == null ? now : before;
  }

  private static boolean lasts(@Nullable Nanos since, Nanos span, Nanos now) {
    return since != null && now.minus(since).compareTo(span) >= 0;
  }
}

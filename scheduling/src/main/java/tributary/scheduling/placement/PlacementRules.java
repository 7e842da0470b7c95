package tributary.scheduling.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides where parts of the variants live. A part goes where its variants are loaded already,
 * unless that node carries far more than another; else to the least burdened one. A part that has
 * something loaded moves only from a node that carries far more than another, one that has nothing
 * loaded as soon as that evens things out; a round moves only so many.
 *
 * <p>A node's burden is counted in tokens: those that its sequences wait for; {@link #PART_TOKENS}
 * for each part, more on a node with less memory than others; and up to {@link #MEMORY_TOKENS} as
 * its memory fills up.
 *
 * @param movesMax parts that move in a round at most
 */
public record PlacementRules(int movesMax) {
  // A round ends, and rounds come to rest where reports stay as they are: each move takes from the
  // more burdened of two no more than half of what it is ahead by, so neither ends up above where
  // the one was, and the sum of the squares of all burdens shrinks.

  static final long PART_TOKENS = 64;
  static final long MEMORY_TOKENS = 1024;
  private static final int MEMORY_RATIO_MAX = 16;

  /** A part that leaves a node. */
  public record Move(String part, String from, String to) {}

  public PlacementRules {
    if (movesMax < 1) {
      throw new IllegalArgumentException("moves-max is %d; at least 1".formatted(movesMax));
    }
  }

  /** Where a part that lives nowhere shall live; empty when there is no executor. */
  public Optional<String> home(String part, Collection<Executor> executors) {
    long largest = largestMemory(executors);
    Comparator<Executor> byBurden =
        Comparator.<Executor>comparingLong(executor -> burden(executor, largest))
            .thenComparingInt(executor -> executor.parts().size())
            .thenComparing(Executor::name);
    Optional<Executor> least = executors.stream().min(byBurden);
    Optional<Executor> loaded =
        executors.stream().filter(executor -> executor.hasLoaded(part)).min(byBurden);
    boolean stays =
        loaded.isPresent()
            && !Overload.OF_TOKENS.isFarAbove(
                burden(loaded.get(), largest), burden(least.orElseThrow(), largest));
    return (stays ? loaded : least).map(Executor::name);
  }

  /**
   * What moves in this round.
   *
   * @param moving parts that are on their way already, and count as moves of this round
   * @param arrived parts that came where they are so lately that no report can tell yet what they
   *     load; they stay
   */
  public List<Move> moves(Collection<Executor> executors, Set<String> moving, Set<String> arrived) {
    long largest = largestMemory(executors);
    var loads = executors.stream().map(executor -> new Load(executor, largest)).toList();
    var moves = new ArrayList<Move>();
    var staying = new HashSet<>(moving);
    staying.addAll(arrived);
    while (loads.size() > 1 && moves.size() + moving.size() < movesMax) {
      Load from = loads.stream().max(Load.BY_BURDEN).orElseThrow();
      Load to = loads.stream().min(Load.BY_BURDEN).orElseThrow();
      Optional<String> part = from.partFor(to, staying);
      if (part.isEmpty()) {
        break;
      }
      to.burden += Math.max(from.weight(part.get()), to.weight(part.get()));
      from.burden -= from.weight(part.get());
      from.parts.remove(part.get());
      moves.add(new Move(part.get(), from.executor.name(), to.executor.name()));
    }
    return moves;
  }

  static long burden(Executor executor, long largestMemory) {
    ExecutorReport report = executor.report();
    long parts = executor.parts().size() * partTokens(executor, largestMemory);
    if (report == null) {
      return parts;
    }
    long memory = Math.max(1, report.memory().count());
    double full = Math.min(1, report.taken().count() / (double) memory);
    return parts + report.queuedTokens() + (long) (MEMORY_TOKENS * full);
  }

  /**
   * What a part counts for on a node; one that has told nothing is taken for one of the largest.
   */
  private static long partTokens(Executor executor, long largestMemory) {
    ExecutorReport report = executor.report();
    long memory = report == null ? largestMemory : Math.max(1, report.memory().count());
    double ratio = Math.clamp(largestMemory / (double) memory, 1, MEMORY_RATIO_MAX);
    return Math.round(PART_TOKENS * ratio);
  }

  static long largestMemory(Collection<Executor> executors) {
    return executors.stream()
        .map(Executor::report)
        .mapToLong(report -> report == null ? 1 : report.memory().count())
        .max()
        .orElse(1);
  }

  /** An executor in the course of a round. */
  private static final class Load {
    static final Comparator<Load> BY_BURDEN =
        Comparator.<Load>comparingLong(load -> load.burden)
            .thenComparing(load -> load.executor.name());

    final Executor executor;
    final Set<String> parts;
    private final long partTokens;
    long burden;

    Load(Executor executor, long largestMemory) {
      this.executor = executor;
      parts = new HashSet<>(executor.parts());
      partTokens = partTokens(executor, largestMemory);
      burden = PlacementRules.burden(executor, largestMemory);
    }

    long weight(String part) {
      return partTokens + executor.queuedTokens(part);
    }

    /** What had best go to another: the most that evens out, of what may go at all. */
    Optional<String> partFor(Load to, Set<String> staying) {
      // Even without the part, or else it would be sent back to where it is loaded.
      boolean farAbove = Overload.OF_TOKENS.isFarAbove(burden - partTokens, to.burden);
      Set<String> may =
          parts.stream()
              .filter(part -> !staying.contains(part) && executor.parts().contains(part))
              .filter(part -> farAbove || !executor.hasLoaded(part))
              .filter(part -> 2 * Math.max(weight(part), to.weight(part)) <= burden - to.burden)
              .collect(Collectors.toSet());
      return may.stream()
          .min(
              Comparator.<String>comparingLong(part -> -weight(part))
                  .thenComparing(part -> executor.hasLoaded(part))
                  .thenComparing(part -> part));
    }
  }
}

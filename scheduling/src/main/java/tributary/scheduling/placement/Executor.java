package tributary.scheduling.placement;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An executor as placement sees it.
 *
 * @param name unlike any other's
 * @param parts of the variants that live on it
 * @param report what it told last; null when it has told nothing lately
 */
public record Executor(String name, Set<String> parts, @Nullable ExecutorReport report) {
  public Executor {
    parts = Set.copyOf(parts);
  }

  boolean hasLoaded(String part) {
    return report != null && report.loaded().containsKey(part);
  }

  /** Tokens that all sequences wait for here. */
  long queuedTokens() {
    return report == null ? 0 : report.queuedTokens();
  }

  /** Tokens that sequences of a part wait for here. */
  long queuedTokens(String part) {
    return report == null ? 0 : report.loaded().getOrDefault(part, 0L);
  }
}

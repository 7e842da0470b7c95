package tributary.actors;

import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;

/**
 * Changes which variants are served while they are. Answers under way are never disturbed: a
 * sequence ends with the weights that it began with.
 *
 * <p>Every stage fails with a {@link tributary.protocol.TributaryException} when the change is
 * refused. A change is durable when its stage completes; nodes of a cluster follow within {@code
 * deltas.store-refresh}.
 */
public interface ModelAdmin {
  /**
   * Registers a variant from a file on this machine, or makes that its newest version. What it is
   * promised holds from its first load on.
   */
  CompletionStage<Registration> register(DeltaId id, Path delta, Wish wish);

  /** Registers with what is usual, or with what was promised before. */
  default CompletionStage<Registration> register(DeltaId id, Path delta) {
    return register(id, delta, Wish.NONE);
  }

  /** Serves the version before the current one again, and forgets the current one. */
  CompletionStage<Registration> rollBack(DeltaId id);

  /** Changes what the variant was promised. */
  CompletionStage<Registration> agree(DeltaId id, Wish wish);

  /** Refuses new requests; answers under way end, and the memory is given back. */
  CompletionStage<Registration> drain(DeltaId id);

  /** Drains the variant and forgets it. */
  CompletionStage<Registration> remove(DeltaId id);

  /** What is registered, by name. */
  Collection<Registration> all();

  /** Executors that serve a variant beside its home, as far as this node has been told. */
  int replicas(DeltaId id);

  /**
   * What is to change; null leaves a thing as it is.
   *
   * @param floor the least width at which it may be served
   * @param pinned whether it is always loaded
   * @param weight its share beside others
   */
  record Wish(@Nullable Integer floor, @Nullable Boolean pinned, @Nullable Integer weight) {
    /** Leaves all as it is. */
    static final Wish NONE = new Wish(null, null, null);
  }
}

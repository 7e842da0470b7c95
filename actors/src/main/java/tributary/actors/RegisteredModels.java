package tributary.actors;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaTerms;

/** A node's view of the store's registrations, and the changes that it makes to them. */
final class RegisteredModels implements ModelAdmin {
  private final @Nullable ArtifactStore store;
  private final Set<DeltaId> configured;
  private final DeltaId base;
  private final Executor blocking;
  private final BiConsumer<DeltaId, @Nullable Registration> changed;
  private final ToIntFunction<DeltaId> replicas;
  private volatile SortedMap<DeltaId, Registration> registered = new TreeMap<>();

  /**
   * @param store null when there is none; then nothing can be registered
   * @param configured variants that are served without being registered
   * @param changed is told of each change, whoever made it; of no registration after a removal
   * @param replicas of a variant, as far as this node has been told
   */
  RegisteredModels(
      @Nullable ArtifactStore store,
      Set<DeltaId> configured,
      DeltaId base,
      Executor blocking,
      BiConsumer<DeltaId, @Nullable Registration> changed,
      ToIntFunction<DeltaId> replicas) {
    this.store = store;
    this.configured = Set.copyOf(configured);
    this.base = base;
    this.blocking = blocking;
    this.changed = changed;
    this.replicas = replicas;
  }

  boolean serves(DeltaId id) {
    Registration registration = registered.get(id);
    return registration == null
        ? configured.contains(id)
        : registration.stage() == Registration.Stage.SERVED;
  }

  /** What a variant is to be served at. */
  String version(DeltaId id) {
    Registration registration = registered.get(id);
    return registration == null ? FileDeltaStore.CONFIGURED : registration.current();
  }

  /** Reads the store; blocks. */
  synchronized void refresh() {
    if (store == null) {
      return;
    }
    Map<DeltaId, Registration> before = registered;
    SortedMap<DeltaId, Registration> now = store.registrations();
    registered = now;
    var names = new HashSet<>(before.keySet());
    names.addAll(now.keySet());
    for (DeltaId id : names) {
      Registration then = before.get(id);
      Registration found = now.get(id);
      if (found == null || !found.equals(then)) {
        changed.accept(id, found);
      }
    }
  }

  /** Deletes what nobody can be served from any more; blocks. */
  Bytes collect(Instant now) {
    return store == null ? Bytes.ZERO : store.collect(now);
  }

  @Override
  public CompletionStage<Registration> register(DeltaId id, Path delta, Wish wish) {
    return change(() -> {
      if (id.equals(base)) {
        throw new TributaryException(
            ErrorCode.INVALID_REQUEST,
            "model %s is the base itself; register the variant under another name".formatted(id),
            "name");
      }
      String version = publish(delta);
      Registration next =
          store()
              .registration(id)
              .map(known -> known.upgraded(version))
              .orElseGet(() -> Registration.of(id, version));
      next = agreed(next, wish);
      store().write(next);
      return next;
    });
  }

  @Override
  public CompletionStage<Registration> rollBack(DeltaId id) {
    return change(() -> {
      Registration current = known(id);
      boolean toConfigured = current.versions().size() == 1 && configured.contains(id);
      if (toConfigured) {
        store().remove(id);
        return current;
      }
      Registration earlier = current.rolledBack();
      store().write(earlier);
      return earlier;
    });
  }

  @Override
  public CompletionStage<Registration> agree(DeltaId id, Wish wish) {
    return edit(id, known -> agreed(known, wish));
  }

  private static Registration agreed(Registration known, Wish wish) {
    return known.agreed(
        new DeltaTerms(
            wish.floor() == null ? known.terms().floor() : wish.floor(),
            wish.pinned() == null ? known.terms().pinned() : wish.pinned()),
        wish.weight() == null ? known.weight() : wish.weight());
  }

  @Override
  public CompletionStage<Registration> drain(DeltaId id) {
    return edit(id, known -> known.at(Registration.Stage.DRAINED));
  }

  @Override
  public CompletionStage<Registration> remove(DeltaId id) {
    return change(() -> {
      Registration last = known(id);
      store().remove(id);
      return last;
    });
  }

  @Override
  public int replicas(DeltaId id) {
    return replicas.applyAsInt(id);
  }

  @Override
  public Collection<Registration> all() {
    return registered.values();
  }

  private CompletionStage<Registration> edit(DeltaId id, UnaryOperator<Registration> how) {
    return change(() -> {
      Registration next = how.apply(known(id));
      store().write(next);
      return next;
    });
  }

  private CompletionStage<Registration> change(Supplier<Registration> how) {
    return CompletableFuture.supplyAsync(
        () -> {
          synchronized (this) {
            Registration result = how.get();
            refresh();
            return result;
          }
        },
        blocking);
  }

  /** Takes a file in; what is wrong with it is the caller's to mend. */
  private String publish(Path delta) {
    try {
      return store().publish(delta);
    } catch (TributaryException e) {
      if (e.code().httpStatus() != 500) {
        throw e;
      }
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "%s is refused: %s: %s".formatted(delta.getFileName(), e.code().wireName(), e.text()),
          "delta");
    }
  }

  private Registration known(DeltaId id) {
    return store()
        .registration(id)
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.MODEL_NOT_FOUND,
                "model %s is not registered; register it first".formatted(id)));
  }

  private ArtifactStore store() {
    if (store == null) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "this server has no store for variants; set tributary.deltas.store to a directory");
    }
    return store;
  }
}

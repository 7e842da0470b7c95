package tributary.actors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaKey;
import tributary.scheduling.residency.DeltaMove;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Residency;
import tributary.scheduling.residency.ResidencySettings;

/**
 * Carries the decisions of a {@link Residency} out, off the actors' threads: a load waits until
 * there is memory for it, planes follow the first while a variant is used, and variants that must
 * make room are told. Each loading is a delta of its own to the residency, so two versions of a
 * variant may be there at once.
 *
 * <p>Any thread may call it; what it calls back must not block.
 */
final class DeltaLoader {
  private static final Logger LOG = LoggerFactory.getLogger(DeltaLoader.class);

  /** Who serves a loading, between whose steps its width changes. */
  interface Server {
    /** Completes when steps compute at the width. */
    CompletableFuture<@Nullable Void> serveAt(LoadedDelta delta, int width);
  }

  /** What a load may take. */
  private enum Claim {
    /** Whatever there is, in its turn. */
    DUE,
    /** What nobody needs, and no longer than that. */
    SPARE;

    DeltaTerms terms(DeltaStore.Described described) {
      DeltaTerms agreed = described.terms();
      return this == DUE ? agreed : new DeltaTerms(agreed.floor(), false);
    }
  }

  /** One loading, from the wish for it until its memory is free. */
  private static final class Loading {
    final DeltaStore.Described described;
    final Consumer<LoadedDelta> evict;
    final CompletableFuture<LoadedDelta> ready = new CompletableFuture<>();
    final CompletableFuture<@Nullable Void> freed = new CompletableFuture<>();
    final Nanos wantedAt;
    Nanos begunAt = Nanos.ZERO;
    @Nullable LoadedDelta loaded;
    @Nullable DeltaMove eviction;
    boolean used;
    boolean moves;
    boolean closing;

    Loading(DeltaStore.Described described, Nanos wantedAt, Consumer<LoadedDelta> evict) {
      this.described = described;
      this.wantedAt = wantedAt;
      this.evict = evict;
    }
  }

  private final DeltaStore store;
  private final Executor blocking;
  private final MonotonicClock clock;
  private final Residency residency;
  private final Map<DeltaKey, Loading> loadings = new HashMap<>();
  private volatile Server server = (_, _) -> CompletableFuture.completedFuture(null);
  private long numbers;

  /**
   * @param blocking as many threads as loads may run at once
   */
  DeltaLoader(
      DeltaStore store, Executor blocking, MonotonicClock clock, ResidencySettings settings) {
    this.store = store;
    this.blocking = blocking;
    this.clock = clock;
    residency = new Residency(settings);
  }

  synchronized void servedBy(Server next) {
    server = next;
  }

  synchronized Residency.Load load() {
    return residency.load();
  }

  /** The version of a variant that a load would bring now. */
  CompletableFuture<String> version(DeltaId id) {
    return CompletableFuture.supplyAsync(() -> store.describe(id).version(), blocking);
  }

  /**
   * Loads a variant as soon as there is memory; it counts as used from then on.
   *
   * @param evict is told when the loading must make room
   */
  CompletableFuture<LoadedDelta> load(DeltaId id, Consumer<LoadedDelta> evict) {
    return CompletableFuture.supplyAsync(() -> store.describe(id), blocking)
        .thenCompose(described -> enqueue(described, Claim.DUE, evict));
  }

  /**
   * Loads a variant into memory that nobody needs; fails where there is none.
   *
   * @param evict is told when the loading must make room
   */
  CompletableFuture<LoadedDelta> loadSpare(DeltaId id, Consumer<LoadedDelta> evict) {
    return CompletableFuture.supplyAsync(() -> store.describe(id), blocking)
        .thenCompose(described -> enqueue(described, Claim.SPARE, evict));
  }

  /** Completes, always normally, when the memory is free or known to be lost. */
  CompletableFuture<@Nullable Void> unload(LoadedDelta delta) {
    Loading loading;
    List<DeltaMove> leaving;
    synchronized (this) {
      loading = loading(key(delta));
      if (loading.closing) {
        return loading.freed;
      }
      loading.closing = true;
      if (loading.moves) {
        return loading.freed; // Closed when the move has come to its end.
      }
      leaving = leave(loading, delta);
    }
    close(loading, delta, leaving);
    return loading.freed;
  }

  /** How long a loading, which has not been unloaded, waited until its load began. */
  synchronized Nanos queued(LoadedDelta delta) {
    Loading loading = loading(key(delta));
    return loading.begunAt.minus(loading.wantedAt);
  }

  /** Gives back what a load yields that nobody waits for any more. */
  void abandon(CompletableFuture<LoadedDelta> loading) {
    var _ = loading.thenCompose(this::unload);
  }

  /** Sequences use a loading from now on, or none does; saying so twice is saying it once. */
  void used(LoadedDelta delta, boolean is) {
    synchronized (this) {
      Loading loading = loadings.get(key(delta));
      if (loading == null || loading.used == is || loading.closing) {
        return;
      }
      loading.used = is;
      if (is) {
        residency.taken(key(delta));
      } else {
        residency.left(key(delta));
        residency.resume(key(delta));
      }
    }
    pump();
  }

  /** A loading has brought its first token: its other planes may follow, which would slow that. */
  void started(LoadedDelta delta) {
    synchronized (this) {
      if (loadings.containsKey(key(delta))) {
        residency.resume(key(delta));
      }
    }
    pump();
  }

  private CompletableFuture<LoadedDelta> enqueue(
      DeltaStore.Described described, Claim claim, Consumer<LoadedDelta> evict) {
    var loading = new Loading(described, clock.now(), evict);
    synchronized (this) {
      var key = new DeltaKey(described.id(), ++numbers);
      Optional<Refusal> refusal =
          residency.register(key, described.footprint(), claim.terms(described));
      if (refusal.isPresent()) {
        return CompletableFuture.failedFuture(
            new TributaryException(refusal.get().code(), refusal.get().message()));
      }
      if (claim == Claim.DUE) {
        residency.wanted(key, clock.now());
      } else if (!residency.welcome(key, clock.now())) {
        residency.forget(key);
        return CompletableFuture.failedFuture(noSpareRoom(described.id()));
      }
      loadings.put(key, loading);
    }
    pump();
    return loading.ready;
  }

  private static TributaryException noSpareRoom(DeltaId id) {
    return new TributaryException(
        ErrorCode.DELTA_UNAVAILABLE,
        "model %s finds no memory here that nobody needs; raise deltas.memory".formatted(id));
  }

  /** Asks what moves next, and sets it going. To be called now and then, for ages pass. */
  void pump() {
    var begun = new ArrayList<Runnable>();
    synchronized (this) {
      for (DeltaMove move : residency.decide(clock.now())) {
        begun.add(begin(move));
      }
    }
    begun.forEach(Runnable::run);
  }

  private Runnable begin(DeltaMove move) {
    Loading loading = loading(move.key());
    LoadedDelta loaded = loading.loaded;
    if (loaded != null && move.evicts()) {
      loading.eviction = move;
      return () -> loading.evict.accept(loaded);
    }
    loading.moves = true;
    if (loaded == null) {
      loading.begunAt = clock.now();
      return () -> settle(loading, move, bring(loading, move));
    }
    if (move.raises()) {
      return () -> settle(loading, move, raise(loaded, move));
    }
    Server by = server;
    return () -> settle(loading, move, by.serveAt(loaded, move.to()));
  }

  private CompletableFuture<@Nullable Void> bring(Loading loading, DeltaMove move) {
    return CompletableFuture.<@Nullable Void>supplyAsync(
        () -> {
          loading.loaded = store.load(loading.described, move.key().version(), move.to());
          return null;
        },
        blocking);
  }

  private CompletableFuture<@Nullable Void> raise(LoadedDelta loaded, DeltaMove move) {
    Server by = server;
    return CompletableFuture.<LoadedDelta>supplyAsync(
            () -> {
              store.raise(loaded, move.from(), move.to());
              return loaded;
            },
            blocking)
        .thenCompose(raised -> by.serveAt(raised, move.to()));
  }

  /** Tells the residency how a move ends. */
  private void settle(Loading loading, DeltaMove move, CompletableFuture<@Nullable Void> moving) {
    var _ =
        moving.handle((_, failure) -> {
          settled(loading, move, failure);
          pump();
          return null;
        });
  }

  private void settled(Loading loading, DeltaMove move, @Nullable Throwable failure) {
    boolean first = move.from() == 0;
    LoadedDelta closing;
    List<DeltaMove> leaving = List.of();
    synchronized (this) {
      loading.moves = false;
      if (failure == null || !move.raises()) {
        residency.done(move, clock.now());
      } else {
        residency.failed(move);
      }
      if (first && failure == null) {
        residency.taken(move.key());
        residency.pause(move.key());
        loading.used = true;
      } else if (first) {
        loadings.remove(move.key());
        residency.forget(move.key());
      }
      closing = loading.closing ? loading.loaded : null;
      if (closing != null) {
        leaving = leave(loading, closing);
      }
    }
    if (failure != null && !first) {
      LOG.error("model {} stays at width {}", move.key().id(), move.from(), failure);
    }
    if (closing != null) {
      close(loading, closing, leaving);
    } else if (first) {
      tellFirst(loading, failure);
    }
  }

  private static void tellFirst(Loading loading, @Nullable Throwable failure) {
    LoadedDelta loaded = loading.loaded;
    if (failure != null) {
      loading.ready.completeExceptionally(failure);
    } else if (loaded != null) {
      loading.ready.complete(loaded);
    }
  }

  /** From here on nothing of the loading moves but all of it away; to be called with the lock. */
  private List<DeltaMove> leave(Loading loading, LoadedDelta delta) {
    DeltaMove eviction = loading.eviction;
    return eviction == null ? residency.release(key(delta)) : List.of(eviction);
  }

  private void close(Loading loading, LoadedDelta delta, List<DeltaMove> leaving) {
    var _ =
        CompletableFuture.runAsync(() -> store.unload(delta), blocking)
            .exceptionally(failure -> {
              LOG.error("variant {}: {} bytes are lost", delta.id(), delta.size().count(), failure);
              return null;
            })
            .thenRun(() -> {
              forget(loading, delta, leaving);
              loading.freed.complete(null);
              pump();
            });
  }

  private synchronized void forget(Loading loading, LoadedDelta delta, List<DeltaMove> leaving) {
    DeltaKey key = key(delta);
    if (loading.used) {
      residency.left(key);
    }
    leaving.forEach(move -> residency.done(move, clock.now()));
    residency.forget(key);
    loadings.remove(key);
  }

  private Loading loading(DeltaKey key) {
    Loading loading = loadings.get(key);
    if (loading == null) {
      throw new AssertionError("a move of %s, which is not here".formatted(key));
    }
    return loading;
  }

  private static DeltaKey key(LoadedDelta delta) {
    return new DeltaKey(delta.id(), delta.number());
  }
}

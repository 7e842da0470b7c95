package tributary.actors;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.DeltaId;

/**
 * A {@link DeltaStore} off the actors' threads.
 *
 * @param blocking as many threads as loads may run at once
 */
record DeltaLoader(DeltaStore store, Executor blocking) {
  private static final Logger LOG = LoggerFactory.getLogger(DeltaLoader.class);

  CompletableFuture<LoadedDelta> load(DeltaId id) {
    return CompletableFuture.supplyAsync(() -> store.load(id), blocking);
  }

  /** Completes, always normally, when the memory is free or known to be lost. */
  CompletableFuture<Void> unload(LoadedDelta delta) {
    return CompletableFuture.runAsync(() -> store.unload(delta), blocking)
        .exceptionally(failure -> {
          LOG.error("variant {}: {} bytes are lost", delta.id(), delta.size().count(), failure);
          return null;
        });
  }

  /** Gives back what a load yields that nobody waits for any more. */
  void abandon(CompletableFuture<LoadedDelta> loading) {
    var _ = loading.thenAcceptAsync(store::unload, blocking);
  }
}

package tributary.streams.tenancy;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What was used, by whom, what admins did, and the keys that they issued; it outlives the process.
 * Calls never block: stages complete when what they were called with is on disk, or fail with
 * {@code ledger_unavailable}.
 */
public interface Ledger extends AutoCloseable {
  /** Writes nothing down. */
  Ledger NONE =
      new Ledger() {
        @Override
        public CompletionStage<Boolean> add(UsageEntry entry) {
          return CompletableFuture.completedFuture(false);
        }

        @Override
        public CompletionStage<Boolean> add(AuditEntry entry) {
          return CompletableFuture.completedFuture(false);
        }

        @Override
        public CompletionStage<List<UsageSum>> sums(Instant since) {
          return CompletableFuture.completedFuture(List.of());
        }

        @Override
        public CompletionStage<List<AuditEntry>> audit(int entriesMax) {
          return CompletableFuture.completedFuture(List.of());
        }

        @Override
        public CompletionStage<Boolean> issue(IssuedKey key) {
          return CompletableFuture.completedFuture(false);
        }

        @Override
        public CompletionStage<Boolean> revoke(String id, Instant at) {
          return CompletableFuture.completedFuture(false);
        }

        @Override
        public CompletionStage<List<IssuedKey>> keys() {
          return CompletableFuture.completedFuture(List.of());
        }

        @Override
        public void close() {}
      };

  /** True when it was written down; an answer counts once however often it is added. */
  CompletionStage<Boolean> add(UsageEntry entry);

  CompletionStage<Boolean> add(AuditEntry entry);

  /** By key and model, sorted. */
  CompletionStage<List<UsageSum>> sums(Instant since);

  /** The newest, first. */
  CompletionStage<List<AuditEntry>> audit(int entriesMax);

  /** True when it was written down; false where there is, or was, a key of that id. */
  CompletionStage<Boolean> issue(IssuedKey key);

  /** True when there was such a key that counted until now. */
  CompletionStage<Boolean> revoke(String id, Instant at);

  /** Those that were issued and not revoked, the oldest first. */
  CompletionStage<List<IssuedKey>> keys();

  /** Writes what waits, then ends. */
  @Override
  void close();
}

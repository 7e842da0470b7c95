package tributary.streams.tenancy;

import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.protocol.Usage;

/** What one answer has set aside, and its line in the ledger. Settled once. */
public final class Account {
  private static final Logger LOG = LoggerFactory.getLogger(Account.class);

  private final Caller caller;
  private final KeyQuota.@Nullable Reservation reservation;
  private final Ledger ledger;
  private final InstantSource clock;
  private final AtomicBoolean written = new AtomicBoolean();

  Account(
      Caller caller,
      KeyQuota.@Nullable Reservation reservation,
      Ledger ledger,
      InstantSource clock) {
    this.caller = caller;
    this.reservation = reservation;
    this.ledger = ledger;
    this.clock = clock;
  }

  public Caller caller() {
    return caller;
  }

  /** Writes down what an answer used; complete when it is on disk. */
  public CompletionStage<Boolean> complete(String answer, String model, Usage usage) {
    return write(answer, model, usage, "complete");
  }

  /** Ends the account of an answer that did not complete; what it used counts all the same. */
  public void abandon(String answer, String model, Usage usage, String outcome) {
    if (written.get()) {
      return;
    }
    var _ =
        write(answer, model, usage, outcome)
            .exceptionally(failure -> {
              LOG.error(
                  "not in the ledger: answer={} key={} model={} prompt_tokens={}"
                      + " completion_tokens={}",
                  answer,
                  caller.id(),
                  model,
                  usage.promptTokens(),
                  usage.completionTokens(),
                  failure);
              return false;
            });
  }

  /** Ends the account of an answer that never began. */
  public void release() {
    if (reservation != null) {
      reservation.settle(0);
    }
  }

  private CompletionStage<Boolean> write(String answer, String model, Usage usage, String outcome) {
    written.set(true);
    if (reservation != null) {
      reservation.settle(usage.totalTokens());
    }
    return ledger.add(new UsageEntry(answer, caller.id(), model, usage, outcome, clock.instant()));
  }
}

package tributary.streams;

import akka.http.javadsl.model.HttpRequest;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import tributary.streams.tenancy.AuditEntry;
import tributary.streams.tenancy.Caller;
import tributary.streams.tenancy.Tenancy;

/** Writes down what admins ask for, before it is done. */
final class AuditTrail {
  private final Tenancy tenancy;
  private final InstantSource clock;

  AuditTrail(Tenancy tenancy, InstantSource clock) {
    this.tenancy = tenancy;
    this.clock = clock;
  }

  /** Completes when it is written. */
  CompletionStage<Boolean> add(Caller who, HttpRequest request, String action, String detail) {
    String name = request.getAttribute(RequestName.KEY).map(RequestName::value).orElse("-");
    return tenancy.ledger().add(new AuditEntry(who.id(), name, action, detail, clock.instant()));
  }
}
